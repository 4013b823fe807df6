#!/usr/bin/env node
/*
 * A service whose every first answer to a request is spoilt in the way that the request's path asks for: /ANY/KIND/ID. Later
 * requests with the same id are answered well, but of a KIND that ends in "_always". It logs each arrival of each id.
 *
 * It prints {"urls":{"main":URL,"refuse":URL,"reset":URL,"stall":URL},"kinds":[KIND,...]}. Behind "refuse" the port is closed half
 * of the time; behind "reset" and "stall" every second connection is reset, or never read, before any request.
 *   GET /log -> {"ID":[ARRIVAL,...]}   ARRIVAL: {"applied":true: a write was done,"refused":true: the answer was a documented
 *                                      refusal,"status":of the answer, or absent}
 */
"use strict";
const net = require("net");
const { serve, cutSocket } = require("./http1");

const TOGGLE_MS = 40;
const SLOW = { bytes: 1, every_ms: 100 };
const HTML = "<!doctype html><title>Gateway</title><h1>Sorry</h1>";

const good = (id) => ({ status: 200, json: { id, note: "x".repeat(300) }, applied: true });
const status = (code, headers, more) => ({ status: code, headers, body: `status ${code}`, applied: "maybe", ...more });
const limit = (code, headers) => ({ status: code, headers, body: "Rate Limit Exceeded", refused: true });
const html = (code) => ({ status: code, headers: { "Content-Type": "text/html" }, body: HTML, applied: "maybe" });
const date = (seconds) => new Date(Date.now() - 86400000 + seconds * 1000).toUTCString();
const dated = (seconds) => ({ Date: date(0), "Retry-After": date(seconds) });

/* What is sent for the id; `applied` "maybe": every second write was done nevertheless. */
const KINDS = {
  reset_head: () => ({ cut: { at: "head" } }),
  reset_body: () => ({ cut: { at: "body", bytes: 100 } }),
  reset_request: () => ({ cut: { at: "request" }, applied: "maybe" }),
  end_request: () => ({ cut: { at: "request", how: "fin" }, applied: "maybe" }),
  reset_reply: (id) => ({ ...good(id), cut: { at: "reply", bytes: 100 } }),
  end_reply_head: (id) => ({ ...good(id), cut: { at: "reply", bytes: 20, how: "fin" } }),
  end_reply_interim: () => ({ raw: "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", close: "silent", applied: "maybe" }),
  interim_well: (id) => ({ ...good(id), interim: ["HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"] }),
  stall: () => ({ cut: { at: "request", how: "stall" }, applied: "maybe" }),
  stall_reply: (id) => ({ ...good(id), cut: { at: "reply", body_bytes: 10, how: "stall" } }),
  trickle: (id) => ({ ...good(id), trickle: SLOW }),
  trickle_well: (id) => ({ ...good(id), trickle: { bytes: 150, every_ms: 20 } }),
  truncated: (id) => ({ ...good(id), cut: { at: "reply", body_bytes: 50, how: "fin" } }),
  length_long: (id) => ({ ...good(id), length: 9999, close: "silent" }),
  length_short: (id) => ({ ...good(id), length: 20 }),
  length_twice: (id) => ({ ...good(id), headers: [["Content-Length", "7"]] }),
  length_no_number: (id) => ({ ...good(id), length: "many" }),
  headers_twice: (id) => ({ ...good(id), headers: [["Content-Type", "application/json"], ["Content-Type", "application/json"], ["Date", "x"], ["Date", "y"]] }),
  retry_after_twice: () => limit(429, [["Retry-After", "0"], ["Retry-After", "0"]]),
  chunks_broken: (id) => ({ ...good(id), raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnonsense", close: "silent" }),
  gzip_broken: (id) => ({ ...good(id), headers: { "Content-Encoding": "gzip" } }),
  garbage: () => ({ raw: "SSH-2.0-OpenSSH_9.2\r\n", close: "silent", applied: "maybe" }),
  nothing_but_zeros: () => ({ raw: "\0".repeat(500), close: "silent", applied: "maybe" }),
  html: (id) => html(200),
  html_502: () => html(502),
  close_after: (id) => ({ ...good(id), close: "silent" }),
  reset_next: (id) => ({ ...good(id), close: "on-next" }),
  s400: () => ({ status: 400, json: ["no"] }),
  s404: () => ({ status: 404, body: "" }),
  s409: () => ({ status: 409, body: "" }),
  s429: () => limit(429),
  s429_now: () => limit(429, { "Retry-After": "0" }),
  s429_always: () => limit(429, { "Retry-After": "0" }),
  s500: () => status(500),
  s500_now: () => status(500, { "Retry-After": "0" }),
  s500_always: () => status(500),
  s502: () => status(502),
  s502_now: () => status(502, { "Retry-After": "0" }),
  s503: () => status(503),
  s503_now: (id, service) => (service === "tw" ? limit(503, { "Retry-After": "0" }) : status(503, { "Retry-After": "0" })),
  s503_later: () => ({ ...limit(503, { "Retry-After": "3600" }), refused: false }),
  s504: () => status(504),
  s504_now: () => status(504, { "Retry-After": "0" }),
  /* These hold the whole account. */
  s429_after: () => limit(429, { "Retry-After": "1" }),
  s429_date: () => limit(429, dated(1)),
  s503_after: (id, service) => (service === "tw" ? limit(503, { "Retry-After": "1" }) : status(503, { "Retry-After": "1" })),
  s503_date: (id, service) => (service === "tw" ? limit(503, dated(1)) : status(503, dated(1))),
};

const log = new Map();

function parts(target) {
  const [, service, kind, id] = target.match(/^\/(\w+)\/(\w+)\/(\d+)/) || [];
  return { service, kind, id: Number(id) };
}

function arrivals(id) {
  if (!log.has(id)) log.set(id, []);
  return log.get(id);
}

function shown({ request, reply }) {
  const applied = reply.applied === true || (reply.applied === "maybe" && parts(request.target).id % 2 === 0);
  const write = request.method !== "GET";
  return { applied: write && request.complete && applied, refused: reply.refused || false, status: reply.status };
}

function wholeLog() {
  const all = {};
  for (const [id, list] of log) all[id] = list.map(shown);
  return all;
}

/* What http1.js asks of a listener. */
class Service {
  constructor(options) {
    this.options = options || {};
    this.requests = { push: (request) => this.arrived(request) };
  }

  arrived(request) {
    const { id } = parts(request.target);
    if (id) arrivals(id).push({ request, reply: {} });
  }

  choose(method, target) {
    if (target === "/log") return { json: wholeLog() };
    const { service, kind, id } = parts(target);
    const list = arrivals(id);
    const spoilt = KINDS[kind] && (list.length === 1 || kind.endsWith("_always"));
    const reply = spoilt ? KINDS[kind](id, service) : { ...good(id), close: this.options.close };
    list[list.length - 1].reply = reply;
    return reply;
  }

  hold() {
    return Promise.resolve();
  }
}

function listen(port, accept) {
  const server = net.createServer({ noDelay: true, pauseOnConnect: true }, (raw) => {
    raw.on("error", () => {});
    accept(raw);
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server)));
}

function serveOn(service, raw) {
  raw.resume();
  serve(service, { raw, socket: raw }).catch(() => raw.destroy());
}

function urlOf(server) {
  return `http://127.0.0.1:${server.address().port}`;
}

/* The first, third ... connection is dealt with by `spoil`. */
async function everySecond(spoil) {
  const service = new Service({ close: true });
  let count = 0;
  return urlOf(await listen(0, (raw) => (++count % 2 ? spoil(raw) : serveOn(service, raw))));
}

async function refusing() {
  const service = new Service({ close: true });
  let server = await listen(0, (raw) => serveOn(service, raw));
  const { port } = server.address();
  const close = () => {
    server.close();
    setTimeout(open, TOGGLE_MS);
  };
  const open = async () => {
    server = await listen(port, (raw) => serveOn(service, raw));
    setTimeout(close, TOGGLE_MS);
  };
  close();
  return `http://127.0.0.1:${port}`;
}

async function main() {
  const service = new Service();
  const urls = {
    main: urlOf(await listen(0, (raw) => serveOn(service, raw))),
    refuse: await refusing(),
    reset: await everySecond((raw) => cutSocket({ raw, socket: raw }, "reset")),
    stall: await everySecond(() => {}),
  };
  process.stdout.write(JSON.stringify({ urls, kinds: Object.keys(KINDS) }) + "\n");
}

main();
