"use strict";
/* The HTTP/2 side: framing is node's, replies come from the same script. */
const { constants } = require("http2");
const { bodyOf, headersOf } = require("./reply");

function recorded(stream, headers) {
  const session = stream.session;
  session.peerRequests += 1;
  return {
    connection: session.peerNumber,
    number: session.peerRequests,
    method: headers[":method"],
    target: headers[":path"],
    version: "2",
    headers: Object.entries(headers).filter(([name]) => !name.startsWith(":")).map(([name, value]) => [name, String(value)]),
    head: "",
    body: "",
    complete: false,
  };
}

async function respond(listener, stream, reply) {
  await listener.hold(reply.hold);
  if (stream.destroyed) return;
  if (reply.cut && reply.cut.how === "stall") return;
  if (reply.cut && reply.cut.how === "fin") {
    stream.session.destroy();
    return;
  }
  if (reply.cut) {
    stream.close(constants[reply.cut.code || "NGHTTP2_INTERNAL_ERROR"]);
    return;
  }
  const headers = { ":status": reply.status || 200 };
  for (const [name, value] of headersOf(reply)) headers[name.toLowerCase()] = value;
  stream.respond(headers);
  stream.end(bodyOf(reply));
  if (reply.goaway) stream.session.goaway(constants.NGHTTP2_NO_ERROR);
}

function answerStream(listener, stream, headers) {
  const request = recorded(stream, headers);
  listener.requests.push(request);
  const reply = listener.choose(request.method, request.target);
  stream.on("error", () => {});
  stream.on("data", (chunk) => (request.body += chunk.toString("latin1")));
  stream.on("end", () => {
    request.complete = true;
    respond(listener, stream, reply).catch(() => stream.destroy());
  });
}

module.exports = { answerStream };
