// An edge node of sparkplug-client, Eclipse Tahu's library for Node.js (scripts/sparkplug-peers.sh): packed payloads.
// usage: NODE_PATH=.../node_modules node node.js PORT [DEFLATE|GZIP]
const sparkplug = require("sparkplug-client");
const readline = require("readline");

const [port, algorithm] = process.argv.slice(2);
const options = algorithm ? { compress: true, algorithm } : {};
const client = sparkplug.newClient({
  serverUrl: `mqtt://127.0.0.1:${port}`, username: "", password: "", groupId: "Peers", edgeNode: "node",
  clientId: "sparkplug-client", version: "spBv1.0", publishDeath: true,
});
let count = 0;
let first = true;

function births() {
  const timestamp = Date.now();
  client.publishNodeBirth({
    timestamp,
    metrics: [
      { name: "Node Control/Rebirth", type: "Boolean", value: false, timestamp },
      { name: "small", type: "Int8", value: -5, timestamp },
      { name: "large", type: "Int64", value: -1099511627776, timestamp },
      { name: "text", type: "String", value: "Grüße", timestamp },
      { name: "level", type: "Double", value: 0.25, timestamp,
        properties: { engUnit: { type: "String", value: "bar" }, Quality: { type: "Int32", value: 192 } } },
    ],
  }, options);
  client.publishDeviceBirth("press", { timestamp, metrics: [{ name: "count", type: "Int32", value: count, timestamp }] }, options);
}

client.on("birth", () => {
  births();
  console.log(first ? "ready" : "reborn");
  first = false;
});
client.on("ncmd", (payload) => {
  if (payload.metrics.some((m) => m.name === "Node Control/Rebirth" && m.value)) {
    births();
    console.log("reborn");
  }
});
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  count = Number(line);
  const timestamp = Date.now();
  client.publishDeviceData("press", { timestamp, metrics: [{ name: "count", type: "Int32", value: count, timestamp }] }, options);
}).on("close", () => { client.stop(); setTimeout(() => process.exit(0), 300); });
