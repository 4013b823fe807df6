"use strict";
/* Turns a reply of the script into bytes. */
const zlib = require("zlib");
const { STATUS_CODES } = require("http");

function bodyOf(reply) {
  let body = Buffer.from(reply.body || "");
  if (reply.bytes !== undefined) body = Buffer.from(reply.bytes, "latin1");
  if (reply.json !== undefined) body = Buffer.from(JSON.stringify(reply.json));
  if (reply.repeat) body = Buffer.from(reply.repeat.text.repeat(reply.repeat.times));
  return reply.gzip ? zlib.gzipSync(body) : body;
}

function headersOf(reply) {
  const given = Array.isArray(reply.headers) ? reply.headers : Object.entries(reply.headers || {});
  const headers = given.map(([name, value]) => [name, String(value)]);
  const has = (name) => headers.some((each) => each[0].toLowerCase() === name);
  if (reply.json !== undefined && !has("content-type")) headers.push(["Content-Type", "application/json"]);
  if (reply.gzip && !has("content-encoding")) headers.push(["Content-Encoding", "gzip"]);
  return headers;
}

function chunked(body) {
  const half = Math.ceil(body.length / 2);
  const parts = [body.subarray(0, half), body.subarray(half)].filter((part) => part.length > 0);
  const framed = parts.map((part) => Buffer.concat([Buffer.from(part.length.toString(16) + "\r\n"), part, Buffer.from("\r\n")]));
  return Buffer.concat([...framed, Buffer.from("0\r\n\r\n")]);
}

function composed(reply, request) {
  if (reply.raw !== undefined) return { head: Buffer.from(reply.raw, "latin1"), body: Buffer.alloc(0) };
  const status = reply.status || 200;
  const headers = headersOf(reply);
  let body = bodyOf(reply);
  const bare = status === 204 || status === 304 || request.method === "HEAD";
  if (reply.framing === "chunked") headers.push(["Transfer-Encoding", "chunked"]);
  else if (reply.framing !== "close" && !reply.endless && !(status === 204 || status === 304))
    headers.push(["Content-Length", String(reply.length === undefined ? body.length : reply.length)]);
  if (reply.close === true) headers.push(["Connection", "close"]);
  if (reply.framing === "chunked") body = chunked(body);
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const first = `HTTP/1.1 ${status} ${reply.reason || STATUS_CODES[status] || "Unnamed"}\r\n`;
  return { head: Buffer.from(first + lines + "\r\n", "latin1"), body: bare ? Buffer.alloc(0) : body };
}

module.exports = { bodyOf, headersOf, composed };
