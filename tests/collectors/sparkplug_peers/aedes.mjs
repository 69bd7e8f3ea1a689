// An MQTT server of aedes (scripts/sparkplug-peers.sh), which knows 3.1 and 3.1.1 only. usage: node aedes.mjs MODULES
import net from "node:net";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.argv[2]}/`);
const { Aedes } = await import(pathToFileURL(require.resolve("aedes")).href);
const aedes = await Aedes.createBroker();
const server = net.createServer(aedes.handle);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
