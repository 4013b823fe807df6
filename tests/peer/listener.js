"use strict";
/* One listening port: its scripted replies, its record of requests, its connections. */
const net = require("net");
const tls = require("tls");
const http2 = require("http2");
const certificates = require("./certificates");
const { serve, cutSocket } = require("./http1");
const { answerStream } = require("./http2");

function fits(reply, method, target) {
  if (!reply.on) return true;
  const [wantedMethod, wantedPath] = reply.on.split(" ");
  const path = target.split("?")[0];
  if (wantedMethod !== method) return false;
  return wantedPath.endsWith("*") ? path.startsWith(wantedPath.slice(0, -1)) : path === wantedPath;
}

class Listener {
  constructor(options) {
    this.options = options;
    this.replies = [];
    this.requests = [];
    this.connections = 0;
    this.sockets = new Set();
    this.released = new Set();
    this.held = [];
  }

  start() {
    const certificate = this.options.tls && certificates.make(this.options.tls);
    this.context = certificate && { key: certificate.key, cert: certificate.cert, maxVersion: this.options.tls_max };
    if (this.options.tls_max) Object.assign(this.context, { minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" });
    this.server = this.options.h2 ? this.http2Server() : net.createServer({ noDelay: true }, (raw) => this.accept(raw));
    return new Promise((resolve, reject) => {
      this.server.on("error", reject);
      this.server.listen(this.options.port || 0, "127.0.0.1", () => {
        const port = this.server.address().port;
        const scheme = certificate ? "https" : "http";
        resolve({ port, url: `${scheme}://127.0.0.1:${port}`, ca_file: certificate ? certificate.ca_file : undefined });
      });
    });
  }

  http2Server() {
    const server = http2.createSecureServer(this.context);
    server.on("session", (session) => {
      session.peerNumber = ++this.connections;
      session.peerRequests = 0;
      this.track(session);
      session.on("error", () => {});
    });
    server.on("stream", (stream, headers) => answerStream(this, stream, headers));
    return server;
  }

  track(socket) {
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
  }

  accept(raw) {
    const number = ++this.connections;
    this.track(raw);
    raw.on("error", () => {});
    if (this.options.accept) return cutSocket({ raw, socket: raw }, this.options.accept);
    let socket = raw;
    if (this.context) {
      socket = new tls.TLSSocket(raw, { isServer: true, ...this.context, ALPNProtocols: ["http/1.1"] });
      socket.on("error", () => raw.destroy());
      socket.on("close", () => raw.destroy());
    }
    serve(this, { raw, socket, number }).catch(() => raw.destroy());
  }

  script(replies) {
    this.replies = replies.map((reply) => ({ ...reply, left: reply.times === 0 ? Infinity : reply.times || 1 }));
    this.requests = [];
    this.released.clear();
  }

  choose(method, target) {
    const reply = this.replies.find((each) => each.left > 0 && fits(each, method, target));
    if (reply) reply.left -= 1;
    return reply || { status: 599, reason: "Not Scripted", body: `no reply is scripted for ${method} ${target}` };
  }

  record() {
    const left = this.replies.filter((reply) => reply.left > 0 && reply.left !== Infinity).length;
    return { requests: this.requests, connections: this.connections, open: this.sockets.size, left };
  }

  reached(wanted) {
    return (
      this.requests.filter((request) => request.complete).length >= (wanted.requests || 0) &&
      this.connections >= (wanted.connections || 0) &&
      this.sockets.size <= (wanted.open === undefined ? Infinity : wanted.open)
    );
  }

  /* Resolves once `label` was released. */
  hold(label) {
    if (label === undefined || this.released.has(label)) return Promise.resolve();
    return new Promise((resolve) => this.held.push({ label, resolve }));
  }

  release(label) {
    this.released.add(label);
    this.held.filter((each) => each.label === label).forEach((each) => each.resolve());
    this.held = this.held.filter((each) => each.label !== label);
  }

  stop() {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

module.exports = { Listener };
