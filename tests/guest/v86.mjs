// Runs a Linux guest in npm's v86, as a web page would.
//
//   node v86.mjs NODE_MODULES OPTIONS
//
// OPTIONS is JSON: bios, kernel, initrd, cmdline (text), memory (MiB), proxy_url, console (a file for what the guest
// prints on its first serial line), agent (the number of a descriptor, a socket, that is its second serial line).
// SIGUSR2 cuts the WebSocket connection, without a closing handshake. What v86 complains of goes to standard error.
import fs from "node:fs";
import net from "node:net";
import process from "node:process";

const [, , modules, text] = process.argv;
const options = JSON.parse(text);
const { V86 } = await import(`${modules}/v86/build/libv86.mjs`);
const { WebSocket } = await import(`${modules}/ws/wrapper.mjs`);

let connection = null;
globalThis.WebSocket = class extends WebSocket {
    constructor(url) {
        super(url);
        connection = this;
        this.on("open", () => console.error("websocket: open"));
        this.on("close", (status) => console.error(`websocket: closed with ${status}`));
    }
};
process.on("SIGUSR2", () => connection?.terminate());

const image = (path) => {
    const bytes = fs.readFileSync(path);
    return { buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) };
};
const emulator = new V86({
    wasm_path: `${modules}/v86/build/v86.wasm`,
    memory_size: options.memory << 20,
    vga_memory_size: 2 << 20,
    bios: image(options.bios),
    bzimage: image(options.kernel),
    initrd: image(options.initrd),
    cmdline: options.cmdline,
    filesystem: { proxy_url: options.proxy_url },
    uart1: true,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    autostart: true,
});

// A byte at a time comes from a serial line; what comes in one turn goes on in one piece.
const collect = (write) => {
    let bytes = [];
    return (byte) => {
        if (bytes.push(byte) === 1) setImmediate(() => { write(Buffer.from(bytes)); bytes = []; });
    };
};
emulator.add_listener("serial0-output-byte", collect((bytes) => fs.appendFileSync(options.console, bytes)));
const agent = new net.Socket({ fd: options.agent });
emulator.add_listener("serial1-output-byte", collect((bytes) => agent.write(bytes)));
agent.on("data", (bytes) => emulator.serial_send_bytes(1, bytes));
agent.on("close", () => process.exit(0));
