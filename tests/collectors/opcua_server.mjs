// A server on node-opcua (MIT), for the tests: node opcua_server.mjs '{"port": 4840, ...}'. Options as opcua_server.py.
import { createRequire } from "node:module";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const O = JSON.parse(process.argv[2]);
const require = createRequire(join(process.env.LINEWARDEN_NODE_OPCUA, "x.js"));
const ua = require("node-opcua");

const pki = O.pki
  ? {
      certificateFile: join(O.pki, "cert.pem"),
      privateKeyFile: join(O.pki, "key.pem"),
      serverCertificateManager: new ua.OPCUACertificateManager({
        automaticallyAcceptUnknownCertificate: true,
        rootFolder: join(O.pki, "manager"),
      }),
      securityPolicies: [
        ua.SecurityPolicy.Basic256Sha256,
        ua.SecurityPolicy.Aes128_Sha256_RsaOaep,
        ua.SecurityPolicy.Aes256_Sha256_RsaPss,
      ],
      securityModes: [ua.MessageSecurityMode.Sign, ua.MessageSecurityMode.SignAndEncrypt],
    }
  : {
      serverCertificateManager: new ua.OPCUACertificateManager({
        automaticallyAcceptUnknownCertificate: true,
        rootFolder: O.folder,
      }),
      securityPolicies: [ua.SecurityPolicy.None],
      securityModes: [ua.MessageSecurityMode.None],
    };
const server = new ua.OPCUAServer({
  port: O.port,
  resourcePath: "/line/",
  hostname: "127.0.0.1",
  allowAnonymous: !O.users,
  serverInfo: { applicationUri: "urn:test:node" },
  userManager: { isValidUser: (name, password) => (O.users ?? {})[name] === password },
  ...pki,
});
await server.initialize();
const space = server.engine.addressSpace;
const own = space.getOwnNamespace();
const line = own.addFolder("ObjectsFolder", { browseName: "Line1" });
const add = (name, more = {}) =>
  own.addVariable({
    componentOf: line,
    browseName: name,
    dataType: "Double",
    nodeId: `s=${name}`,
    minimumSamplingInterval: 0,
    ...more,
  });
const counter = add("Counter");
counter.setValueFromSource({ dataType: "Double", value: -1 });
if (O.history) {
  space.installHistoricalDataNode(counter, { maxOnlineValues: 100000 });
}
const many = Array.from({ length: O.many ?? 0 }, (_, i) => add(`V${i}`));
const level = own.addAnalogDataItem({
  componentOf: line,
  browseName: "Level",
  dataType: "Double",
  engineeringUnits: ua.standardUnits.degree_celsius,
  engineeringUnitsRange: { low: 0, high: 100 },
  instrumentRange: { low: -10, high: 110 },
});
level.setValueFromSource({ dataType: "Double", value: 12.5 });
let count = O.kept && existsSync(O.kept) ? Number(readFileSync(O.kept)) : 0;
await server.start();
console.log("ready");
let next = Date.now();
const every = O.every_ms ?? 100;
let last = 0;
setInterval(() => {
  if (next + every <= Date.now() && count < (O.last ?? 1e9)) {
    // One a turn, and never two at once, however long it stood: node-opcua looks every 50 ms.
    next = Math.max(next + every, Date.now() - every / 2);
    const at = new Date(Math.max(Date.now(), last + 1)); // one millisecond is all that a Date can tell apart
    last = at.getTime();
    const value = { dataType: "Double", value: count };
    counter.setValueFromSource(value, ua.StatusCodes.Good, at);
    for (const node of many) node.setValueFromSource(value, ua.StatusCodes.Good, at);
    count += 1;
    if (O.kept) {
      // Whole or not at all: a test kills us at any time.
      writeFileSync(`${O.kept}.new`, String(count));
      renameSync(`${O.kept}.new`, O.kept);
    }
  }
}, Math.min(every, 20));
