#!/usr/bin/env node
/*
 * A scripted HTTP peer on loopback: real sockets, exact bytes, faults on demand. It is not the sandbox and shares no code with it.
 *
 * Driven over stdin and stdout: one JSON object a line, each answered by one line. It ends when stdin ends.
 *   {"do":"listen","name":"main"}    -> {"port":41234,"url":"http://127.0.0.1:41234","ca_file":...}
 *       "tls": "good" | "expired" | "other-host" | "self-signed"   certificates are made with openssl at the first use;
 *              "ca_file" of the answer holds the authority that "good", "expired" and "other-host" are signed by
 *       "tls_max": "TLSv1.1"         the newest protocol version that is offered
 *       "h2": true                   HTTP/2 only (with TLS); replies know status, headers, body, json, repeat, hold and
 *                                    "cut":{"how":"reset"|"fin"|"stall"} there, "goaway":true closes the session after the reply
 *       "accept": "reset" | "fin" | "stall"     what happens to a connection instead of being served
 *       "close_after": N             requests after which a connection is closed silently (no "Connection: close")
 *   {"do":"script","name":"main","replies":[REPLY,...]} -> {}      replaces the replies, forgets what was recorded
 *   {"do":"record","name":"main"}    -> {"requests":[REQUEST,...],"connections":N,"open":N,"left":N}
 *   {"do":"wait","name":"main","requests":N,"connections":N,"open":N}  -> the record, once there are at least so many
 *                                    requests and connections and at most so many open; {"error":...} after 20 s
 *   {"do":"release","label":"a"}     -> {}      lets replies with "hold":"a" go, now and later
 *   {"do":"close","name":"main"}     -> {}      closes the listener and its connections
 *
 * REQUEST: {"connection":1,"number":1,"method":..,"target":..,"version":"1.1","headers":[[name,value],...],"head":..,"body":..,
 *           "complete":true}. "number" counts within the connection (2 means it was reused); "head" is as received, up to
 *           and with the empty line. Strings hold one character (U+0000..U+00FF) for each byte.
 *
 * REPLY: the first one left that fits a request answers it; 599 when none does.
 *   "on": "POST /tickets"     method and path without query; a last "*" fits any rest. Without it: any request
 *   "times": N                uses (1); 0 is without end
 *   "status" (200), "reason", "headers": {name: value} or [[name,value],...]
 *   "body": text (UTF-8) | "bytes": one character a byte | "json": value | "repeat": {"text":..,"times":N}
 *   "gzip": true              compressed, with its header
 *   "framing": "length" | "chunked" | "close"         how the body ends ("length"; "close" is without Content-Length)
 *   "length": N               says this Content-Length whatever the body is
 *   "raw": bytes              the whole reply, instead of all of the above
 *   "interim": [bytes,...]    sent before the reply (103 and the like)
 *   "endless": true           repeats the body until the client closes
 *   "hold": "a"               waits for {"do":"release","label":"a"}
 *   "delay_ms": N             waits so long
 *   "trickle": {"bytes":N,"every_ms":N}
 *   "close": true             closes the connection after the reply and says so; "silent": closes without saying so;
 *            "on-next": keeps it open, and resets it when the next request's first bytes come
 *   "cut": {"at": "head" | "body" | "request" | "reply", "bytes": N, "how": "reset" | "fin" | "stall"}
 *            head: the request's head was read; body: N bytes of its body; request: all of it; reply: N bytes of the reply
 *            were sent ("body_bytes": N counts behind the reply's head)
 *   "continue": false         does not answer "Expect: 100-continue"
 *   "tunnel": true            for CONNECT: joins the client to the target that it asks for
 */
"use strict";
const readline = require("readline");
const { Listener } = require("./listener");

const listeners = new Map();
const WAIT_MS = 20000;

function listener(command) {
  const found = listeners.get(command.name || "main");
  if (!found) throw new Error(`no listener called ${command.name || "main"}`);
  return found;
}

const verbs = {
  async listen(command) {
    const created = new Listener(command);
    listeners.set(command.name || "main", created);
    return created.start();
  },
  async script(command) {
    listener(command).script(command.replies);
    return {};
  },
  async record(command) {
    return listener(command).record();
  },
  async wait(command) {
    const target = listener(command);
    const until = Date.now() + WAIT_MS;
    while (!target.reached(command)) {
      if (Date.now() > until) throw new Error("waited in vain: " + JSON.stringify(target.record()));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return target.record();
  },
  async release(command) {
    for (const each of listeners.values()) each.release(command.label);
    return {};
  },
  async close(command) {
    listener(command).stop();
    listeners.delete(command.name || "main");
    return {};
  },
};

async function answer(line) {
  try {
    const command = JSON.parse(line);
    if (!verbs[command.do]) throw new Error(`unknown command ${command.do}`);
    return await verbs[command.do](command);
  } catch (problem) {
    return { error: String(problem.message || problem) };
  }
}

let turn = Promise.resolve();
readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    turn = turn.then(() => answer(line)).then((result) => process.stdout.write(JSON.stringify(result) + "\n"));
  })
  .on("close", () => process.exit(0));
process.stdout.on("error", () => process.exit(0));
