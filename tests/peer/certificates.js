"use strict";
/* Certificates for loopback, made with openssl in a folder of their own that goes when the process does. */
const { execFileSync } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");

let folder;

function openssl(...args) {
  execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
}

function newKey(name) {
  openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", `${name}.key`);
}

function authority() {
  if (folder) return;
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "siterun-peer-"));
  process.on("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
  newKey("ca");
  openssl("req", "-x509", "-new", "-key", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=test authority");
  fs.writeFileSync(path.join(folder, "index.txt"), "");
  fs.writeFileSync(path.join(folder, "ca.cnf"), CONFIG);
}

const CONFIG = `
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
`;

const NAMES = {
  good: "DNS:localhost,IP:127.0.0.1",
  expired: "DNS:localhost,IP:127.0.0.1",
  "other-host": "DNS:elsewhere.example",
};

function stamp(days) {
  return new Date(Date.now() + days * 86400000).toISOString().replace(/[-:T]/g, "").slice(0, 14) + "Z";
}

function signed(kind) {
  const from = kind === "expired" ? -3 : -1;
  newKey(kind);
  openssl("req", "-new", "-key", `${kind}.key`, "-out", `${kind}.csr`, "-subj", `/CN=${kind}`);
  fs.writeFileSync(path.join(folder, `${kind}.ext`), `subjectAltName=${NAMES[kind]}\nbasicConstraints=CA:FALSE\n`);
  openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-in", `${kind}.csr`, "-out", `${kind}.crt`, "-extfile", `${kind}.ext`,
    "-startdate", stamp(from), "-enddate", stamp(from + 2));
}

function selfSigned() {
  newKey("self-signed");
  openssl("req", "-x509", "-new", "-key", "self-signed.key", "-out", "self-signed.crt", "-days", "2", "-subj", "/CN=localhost",
    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1");
}

function make(kind) {
  authority();
  if (kind !== "self-signed" && !NAMES[kind]) throw new Error(`no certificate is called ${kind}`);
  if (!fs.existsSync(path.join(folder, `${kind}.crt`))) (kind === "self-signed" ? selfSigned : signed)(kind);
  const file = (name) => path.join(folder, name);
  return { key: fs.readFileSync(file(`${kind}.key`)), cert: fs.readFileSync(file(`${kind}.crt`)), ca_file: file("ca.crt") };
}

module.exports = { make };
