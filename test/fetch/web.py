"""
A web server that misbehaves on request, and a sink that counts who reaches it.

The path of a request names what the server does; each is a function below.
"""
import functools
import gzip
import itertools
import socket
import ssl
import struct
import threading
import time
import zlib
from email.utils import formatdate
from urllib.parse import unquote

PEOPLE = b'firstName,lastName,email\n' + b''.join(b'P%d,Test,p%d@acme.example\n' % (i, i) for i in range(1000))
MEGABYTES_10 = 10 * 1024 * 1024


# what comes of each answer below
EXPECTED = {
    **dict.fromkeys(('csv', 'html', 'nothing', 'chunked', 'zipped', 'after-hints', 'zipped-twice-in-a-row',
                     'zipped-chunks', 'until-close', 'largest', 'shorter-than-sent'), 'ok'),
    **dict.fromkeys(('too-large', 'huge-length', 'too-large-unsaid', 'endless', 'endless-chunks', 'endless-gzip-name',
                     'bomb-in-members', 'bomb'), 'file_too_large'),
    **dict.fromkeys(('truncated', 'truncated-chunks', 'bad-chunks', 'closed', 'reset'), 'connection_broken'),
    **dict.fromkeys(('truncated-gzip', 'damaged-gzip', 'not-gzip', 'gzip-of-gzip', 'deflate', 'brotli',
                     'gzip-transfer'), 'encoding_not_supported'),
    **dict.fromkeys(('version-0-9', 'garbage', 'endless-headers', 'endless-header', 'endless-hints',
                     'negative-length', 'two-lengths', 'switched'), 'answer_invalid'),
    **dict.fromkeys(('slow-head', 'slow-body', 'above-the-floor', 'stalled', 'silent'), 'fetch_too_slow'),
    **dict.fromkeys(('401', '403', '407'), 'fetch_forbidden'), **dict.fromkeys(('404', '410'), 'file_not_found'),
    **dict.fromkeys(('429', '500', '502', '503', '504', 'busy-endless', 'busy', 'busy-until'), 'host_busy'),
    **dict.fromkeys(('201', '204', '206', '300', '304', '418', '501'), 'status_unexpected'),
}


def listener(address, port):
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if address == '::':
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind((address, port))
    sock.listen(128)
    return sock


def serve(sock, handle):
    def accept():
        while True:
            conn, _ = sock.accept()
            threading.Thread(target=guarded, args=(conn,), daemon=True).start()

    def guarded(conn):
        try:
            handle(conn)
        except (OSError, ssl.SSLError):
            pass
        finally:
            conn.close()

    threading.Thread(target=accept, daemon=True).start()


class Sink:
    """What must never be reached: counts connections, and the bytes that they bring."""

    def __init__(self):
        self.connections = 0
        self.bytes = 0
        self.ports = []

    def listen(self, address, port=0):
        sock = listener(address, port)
        self.ports.append(sock.getsockname()[1])
        serve(sock, self.handle)
        return self.ports[-1]

    def handle(self, conn):
        self.connections += 1
        conn.settimeout(600)
        self.bytes += len(conn.recv(65536))
        conn.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nleaked\n')


class Site:
    def __init__(self, addresses, context=None):
        self.requests = []
        self.context = context
        self.counts = {}
        self.port = 0
        for address in addresses:
            sock = listener(address, self.port)
            self.port = sock.getsockname()[1]
            serve(sock, self.handle)

    def handle(self, conn):
        conn.settimeout(600)
        if self.context:
            conn = self.context.wrap_socket(conn, server_side=True)
        head = b''
        while b'\r\n\r\n' not in head:
            piece = conn.recv(65536)
            if not piece or not piece.isascii():
                return
            head += piece
        self.requests.append(head.decode('latin-1'))
        path, _, query = head.split(b' ')[1].decode('latin-1').partition('?')
        Answers(self, conn, unquote(query)).give(path.strip('/').replace('-', '_').split('/')[0])
        if isinstance(conn, ssl.SSLSocket):
            conn = conn.unwrap()


@functools.lru_cache
def bomb():
    packer = zlib.compressobj(9, wbits=31)
    return b''.join(packer.compress(bytes(1024 * 1024)) for _ in range(200)) + packer.flush()


class Answers:
    def __init__(self, site, conn, query):
        self.site = site
        self.conn = conn
        self.query = query

    def give(self, name):
        if name.isdigit():
            self.send(b'a status', '%s Whatever' % name)
        else:
            getattr(self, name)()

    def raw(self, data):
        self.conn.sendall(data if isinstance(data, bytes) else data.encode())

    def send(self, body, status='200 OK', *lines):
        self.raw('HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n'
                 % (status, ''.join(line + '\r\n' for line in lines), len(body)))
        self.raw(body)

    def ok(self, *lines):
        self.raw('HTTP/1.1 200 OK\r\n' + ''.join(line + '\r\n' for line in lines) + '\r\n')

    def drip(self, pieces, seconds):
        for piece in pieces:
            self.raw(piece)
            time.sleep(seconds)

    # ---- what is good

    def csv(self):
        self.send(PEOPLE, '200 OK', 'Content-Type: Text/CSV; charset="ISO-8859-1"', 'ETag: "v1"', 'Set-Cookie: a=b')

    def html(self):
        self.send(b'<html>', '200 OK', 'Content-Type: text/html')

    def nothing(self):
        self.send(b'')

    def until_close(self):
        self.ok()
        self.raw(PEOPLE)

    def chunked(self):
        self.ok('Transfer-Encoding: chunked')
        for i in range(0, len(PEOPLE), 1000):
            self.raw(b'%x;ext=1\r\n%s\r\n' % (len(PEOPLE[i:i + 1000]), PEOPLE[i:i + 1000]))
        self.raw('0\r\nContent-Encoding: br\r\nETag: "trailer"\r\n\r\n')

    def zipped_chunks(self):
        self.ok('Content-Encoding: gzip', 'Transfer-Encoding: chunked')
        data = gzip.compress(PEOPLE)
        for i in range(len(data)):
            self.raw(b'1\r\n%c\r\n' % data[i])
        self.raw('0\r\nContent-Encoding: gzip\r\nX-Trailer: x\r\n\r\n')

    def zipped(self):
        self.send(gzip.compress(PEOPLE), '200 OK', 'Content-Encoding: gzip')

    def zipped_twice_in_a_row(self):
        self.send(gzip.compress(PEOPLE[:5000]) + gzip.compress(PEOPLE[5000:]), '200 OK', 'Content-Encoding: gzip')

    def largest(self):
        self.send(b'x' * MEGABYTES_10)

    def after_hints(self):
        self.raw('HTTP/1.1 103 Early Hints\r\nContent-Encoding: br\r\nETag: "hint"\r\n\r\n')
        self.send(PEOPLE)

    # ---- lengths

    def too_large(self):
        self.send(b'x' * (MEGABYTES_10 + 1))

    def too_large_unsaid(self):
        self.ok()
        self.raw(b'x' * (MEGABYTES_10 + 1))

    def endless(self):
        self.ok()
        while True:
            self.raw(b'x' * 65536)

    def endless_chunks(self):
        self.ok('Transfer-Encoding: chunked')
        while True:
            self.raw(b'8000\r\n' + b'x' * 32768 + b'\r\n')

    def truncated(self):
        self.ok('Content-Length: 1000')
        self.raw(b'x' * 500)

    def truncated_chunks(self):
        self.ok('Transfer-Encoding: chunked')
        self.raw('8\r\n12345678\r\n8\r\n1234')

    def truncated_tls(self):
        self.ok()
        self.raw(PEOPLE)
        socket.socket.shutdown(self.conn, socket.SHUT_RDWR)
        raise OSError

    def bad_chunks(self):
        self.ok('Transfer-Encoding: chunked')
        self.raw('zz\r\n12345678\r\n')

    def shorter_than_sent(self):
        self.ok('Content-Length: 5')
        self.raw('1234567890')

    def negative_length(self):
        self.ok('Content-Length: -5')
        self.raw('1234567890')

    def two_lengths(self):
        self.ok('Content-Length: 5', 'Content-Length: 10')
        self.raw('1234567890')

    def huge_length(self):
        self.ok('Content-Length: 99999999999999999999')
        self.raw('1234567890')

    # ---- compression

    def bomb(self):
        self.send(bomb(), '200 OK', 'Content-Encoding: gzip')

    def bomb_in_members(self):
        self.ok('Content-Encoding: gzip')
        member = gzip.compress(b'')
        while True:
            self.raw(member * 4096)

    def endless_gzip_name(self):
        self.ok('Content-Encoding: gzip')
        self.raw(b'\x1f\x8b\x08\x08' + bytes(6))
        while True:
            self.raw(b'x' * 65536)

    def truncated_gzip(self):
        self.send(gzip.compress(PEOPLE)[:-9], '200 OK', 'Content-Encoding: gzip')

    def damaged_gzip(self):
        data = bytearray(gzip.compress(PEOPLE))
        data[len(data) // 2] ^= 0xff
        self.send(bytes(data), '200 OK', 'Content-Encoding: gzip')

    def not_gzip(self):
        self.send(PEOPLE, '200 OK', 'Content-Encoding: gzip')

    def gzip_of_gzip(self):
        self.send(gzip.compress(gzip.compress(PEOPLE)), '200 OK', 'Content-Encoding: gzip, gzip')

    def deflate(self):
        self.send(zlib.compress(PEOPLE), '200 OK', 'Content-Encoding: deflate')

    def brotli(self):
        self.send(PEOPLE, '200 OK', 'Content-Encoding: br')

    def gzip_transfer(self):
        self.ok('Transfer-Encoding: gzip, chunked')
        self.raw('0\r\n\r\n')

    # ---- slowness

    def silent(self):
        time.sleep(600)

    def slow_head(self):
        self.drip(('HTTP/1.1 200 OK\r\n', *('X-%d: y\r\n' % i for i in range(400))), 0.2)

    def slow_body(self):
        self.ok('Content-Length: 1000')
        self.drip(itertools.repeat(b'x', 1000), 0.1)

    def above_the_floor(self):
        self.ok()
        self.drip(itertools.repeat(b'x' * 400, 1000), 0.1)

    def stalled(self):
        self.ok('Content-Length: 1000')
        self.raw(b'x' * 500)
        time.sleep(600)

    # ---- no HTTP

    def closed(self):
        pass

    def reset(self):
        self.conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))

    def version_0_9(self):
        self.raw(PEOPLE)

    def garbage(self):
        self.raw(bytes(range(256)) * 100)

    def endless_headers(self):
        self.raw('HTTP/1.1 200 OK\r\n')
        while True:
            self.raw('X-Header: value\r\n' * 1000)

    def endless_header(self):
        self.raw('HTTP/1.1 200 OK\r\nX-Header: ')
        while True:
            self.raw('x' * 65536)

    def endless_hints(self):
        while True:
            self.raw('HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n' * 1000)

    def switched(self):
        self.raw('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
        self.raw(PEOPLE)

    # ---- statuses

    def busy(self):
        self.send(b'', '503 Busy', 'Retry-After: 86400')

    def busy_until(self):
        self.send(b'', '429 Busy', 'Retry-After: ' + formatdate(time.time() + 90, usegmt=True))

    def busy_once(self):
        count = self.site.counts[self.query] = self.site.counts.get(self.query, 0) + 1
        if count == 1:
            self.send(b'', '429 Too Many Requests', 'Retry-After: 1')
        else:
            self.send(PEOPLE)

    def busy_endless(self):
        self.raw('HTTP/1.1 503 Busy\r\n\r\n')
        while True:
            self.raw(b'x' * 65536)

    # ---- redirects

    def to(self):
        self.send(b'', '302 Found', 'Location: ' + self.query, 'Set-Cookie: session=secret; Path=/')

    def to_307(self):
        self.send(b'', '307 Found', 'Location: ' + self.query)

    def to_308(self):
        self.send(b'', '308 Found', 'Location: ' + self.query)

    def hops(self):
        left = int(self.query)
        if left == 0:
            self.send(PEOPLE)
        else:
            self.send(b'', '301 Moved', 'Location: ?%d' % (left - 1))

    def loop(self):
        self.send(b'', '303 See', 'Location: loop')

    def nowhere(self):
        self.send(b'', '302 Found')

    def too_far(self):
        self.send(b'', '302 Found', 'Location: /' + 'x' * 3000)

    def endless_redirect(self):
        self.raw('HTTP/1.1 302 Found\r\nLocation: /csv\r\n\r\n')
        while True:
            self.raw(b'x' * 65536)
