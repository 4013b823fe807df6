"use strict";
/* HTTP/1.1 by hand, so that every byte and every fault is ours. */
const net = require("net");
const { composed } = require("./reply");

/* Reads from a socket what is asked for, and gives null at its end. */
class Reader {
  constructor(socket) {
    this.data = Buffer.alloc(0);
    this.ended = false;
    this.wake = () => {};
    socket.on("data", (chunk) => {
      this.data = Buffer.concat([this.data, chunk]);
      this.wake();
    });
    for (const event of ["end", "close", "error"]) socket.on(event, () => this.finish());
  }

  finish() {
    this.ended = true;
    this.wake();
  }

  async until(have) {
    for (;;) {
      const length = have(this.data);
      if (length >= 0) return this.take(length);
      if (this.ended) return null;
      await new Promise((resolve) => (this.wake = resolve));
    }
  }

  take(length) {
    const taken = this.data.subarray(0, length);
    this.data = this.data.subarray(length);
    return taken;
  }

  through(mark) {
    return this.until((data) => {
      const at = data.indexOf(mark);
      return at < 0 ? -1 : at + mark.length;
    });
  }

  exactly(length) {
    return this.until((data) => (data.length >= length ? length : -1));
  }
}

function parseHead(raw) {
  const head = raw.toString("latin1");
  const [first, ...lines] = head.slice(0, -4).split("\r\n");
  const [method, target, version] = first.split(" ");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { method, target, version: (version || "").replace("HTTP/", ""), headers, head, body: "", complete: false };
}

function header(request, name) {
  const found = request.headers.find((each) => each[0].toLowerCase() === name);
  return found && found[1];
}

async function readChunks(reader, request) {
  for (;;) {
    const line = await reader.through("\r\n");
    if (!line) return false;
    const size = parseInt(line.toString("latin1"), 16);
    const chunk = await reader.exactly(size + 2);
    if (!chunk) return false;
    request.body += chunk.subarray(0, size).toString("latin1");
    if (size === 0) return true;
  }
}

async function readBody(reader, request) {
  if (/chunked/i.test(header(request, "transfer-encoding") || "")) return readChunks(reader, request);
  const length = Number(header(request, "content-length") || 0);
  const body = await reader.exactly(length);
  request.body = (body || reader.data).toString("latin1");
  return body !== null;
}

function cutSocket(connection, how) {
  if (how === "reset") connection.raw.resetAndDestroy();
  else if (how === "fin") connection.socket.end();
  return true;
}

function cutHere(connection, reply, at) {
  return reply.cut && reply.cut.at === at ? cutSocket(connection, reply.cut.how || "reset") : false;
}

function send(socket, bytes) {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else if (socket.write(bytes)) setImmediate(resolve);
    else {
      socket.once("drain", resolve);
      socket.once("close", resolve);
    }
  });
}

async function sendSlowly(socket, bytes, { bytes: step, every_ms: pause }) {
  for (let at = 0; at < bytes.length && !socket.destroyed; at += step) {
    await send(socket, bytes.subarray(at, at + step));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function sendReply(connection, reply, request) {
  const { head, body } = composed(reply, request);
  let bytes = Buffer.concat([head, body]);
  const cut = reply.cut && reply.cut.at === "reply" ? reply.cut : null;
  if (cut) bytes = bytes.subarray(0, cut.body_bytes === undefined ? cut.bytes || 0 : head.length + cut.body_bytes);
  if (reply.trickle) await sendSlowly(connection.socket, bytes, reply.trickle);
  else await send(connection.socket, bytes);
  while (reply.endless && !connection.socket.destroyed) await send(connection.socket, body);
  if (!cut) return true;
  if (cut.how === "reset") await flushed(connection.socket);
  cutSocket(connection, cut.how || "reset");
  return false;
}

/* A reset throws away what the kernel has not sent yet, so wait until node has handed it over. */
async function flushed(socket) {
  while (socket.writableLength > 0 && !socket.destroyed) await new Promise(setImmediate);
}

function tunnel(connection, reader, request) {
  const [host, port] = request.target.split(":");
  const other = net.connect(Number(port), host, () => {
    connection.socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    other.write(reader.data);
    connection.socket.removeAllListeners("data");
    connection.socket.pipe(other).pipe(connection.socket);
  });
  other.on("error", () => connection.raw.destroy());
  connection.socket.on("close", () => other.destroy());
}

async function readRequest(listener, connection, reader) {
  const raw = await reader.through("\r\n\r\n");
  if (!raw) return null;
  const request = parseHead(raw);
  connection.count = (connection.count || 0) + 1;
  Object.assign(request, { connection: connection.number, number: connection.count });
  listener.requests.push(request);
  return request;
}

/* Reads the rest of the request; false when the script ends the connection on the way. */
async function receive(connection, reader, request, reply) {
  if (cutHere(connection, reply, "head")) return false;
  if (/100-continue/i.test(header(request, "expect") || "") && reply.continue !== false)
    connection.socket.write("HTTP/1.1 100 Continue\r\n\r\n");
  if (reply.cut && reply.cut.at === "body") {
    const part = await reader.exactly(reply.cut.bytes || 1);
    request.body = (part || reader.data).toString("latin1");
    return !cutHere(connection, reply, "body");
  }
  request.complete = await readBody(reader, request);
  return request.complete && !cutHere(connection, reply, "request");
}

async function afterReply(listener, connection, reader, reply) {
  const spent = listener.options.close_after && connection.count >= listener.options.close_after;
  if (reply.close === "on-next") {
    await reader.until((data) => (data.length > 0 ? 0 : -1));
    cutSocket(connection, "reset");
    return false;
  }
  if (!reply.close && reply.framing !== "close" && !spent) return true;
  connection.socket.end();
  return false;
}

async function serve(listener, connection) {
  const reader = new Reader(connection.socket);
  for (;;) {
    const request = await readRequest(listener, connection, reader);
    if (!request) return connection.socket.end();
    const reply = listener.choose(request.method, request.target);
    if (!(await receive(connection, reader, request, reply))) return undefined;
    if (reply.tunnel) return tunnel(connection, reader, request);
    for (const bytes of reply.interim || []) await send(connection.socket, Buffer.from(bytes, "latin1"));
    await listener.hold(reply.hold);
    if (reply.delay_ms) await new Promise((resolve) => setTimeout(resolve, reply.delay_ms));
    if (!(await sendReply(connection, reply, request))) return undefined;
    if (!(await afterReply(listener, connection, reader, reply))) return undefined;
  }
}

module.exports = { serve, cutSocket };
