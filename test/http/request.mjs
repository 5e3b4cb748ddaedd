// Requests, as a program sends them and as nobody should.

import http from 'node:http';
import net from 'node:net';

// An ordinary request: {status, headers, body as bytes, json}. A body that is not text or bytes is sent as JSON.
export function send(port, { method = 'POST', path, headers = {}, body, agent }) {
	const bytes = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
	return new Promise((resolve, reject) => {
		const request = http.request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
			const chunks = [];
			response.on('data', (chunk) => chunks.push(chunk));
			response.on('error', reject);
			response.on('end', () => resolve(answer(response.statusCode, response.headers, Buffer.concat(chunks))));
		});
		request.on('error', reject);
		request.end(bytes);
	});
}

// Bytes as they are, over a connection of their own: what came back until it was closed, as
// {status, head, text}, without 100 Continue; the text is in latin1, and still in its chunks.
export function sendBytes(port, bytes, { seconds = 300 } = {}) {
	return new Promise((resolve, reject) => {
		const chunks = [];
		const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
		const read = () => {
			const text = Buffer.concat(chunks).toString('latin1').replace(/^HTTP\/1\.1 100 .*\r\n\r\n/, '');
			const [head] = text.split('\r\n\r\n', 1);
			resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), head, text: text.slice(head.length + 4) });
		};
		socket.setTimeout(seconds * 1000, () => socket.destroy(new Error('no answer')));
		socket.on('data', (chunk) => chunks.push(chunk));
		socket.on('close', (failed) => (failed && chunks.length === 0 ? null : read()));
		socket.on('error', (error) => chunks.length === 0 && reject(error));
	});
}

// A request to send as bytes; headers are lines, and nothing is added but the length of the body and the end of the connection.
export function asBytes({ method = 'POST', path, lines = [], body = '', length = Buffer.byteLength(body) }) {
	const head = [`${method} ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...(length === null ? [] : [`Content-Length: ${length}`]), ...lines];
	return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

function answer(status, headers, body) {
	let json;
	try {
		json = JSON.parse(body);
	} catch {
		json = null;
	}
	return { status, headers, body, json };
}
