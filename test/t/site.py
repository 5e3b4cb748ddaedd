"""
A web server for 180_import_url.pl: that of the fetch's lab, with more to give.

Runs until its input ends. The first line that it prints is its port.
"""
import ssl
import subprocess
import sys
import time

sys.path.insert(0, sys.argv[1] + '/../fetch')
import web  # noqa: E402

SCRATCH = sys.argv[2]
HEADER = b'firstName,lastName,email\n'


def shell(command):
    subprocess.run(command, shell=True, cwd=SCRATCH, check=True, capture_output=True)


def people(name, count):
    return HEADER + b''.join(b'P%d,Test,%s%d@acme.example\n' % (i, name, i) for i in range(count))


# as large as a file may be
def fat(name, count):
    start = HEADER[:-1] + b',note\n'
    rows = [b'P%d,Test,%s%d@acme.example,' % (i, name, i) for i in range(count)]
    room = web.MEGABYTES_10 - len(start) - sum(map(len, rows)) - count
    return start + b''.join(row + b'x' * (room // count) + b'\n' for row in rows)


class Answers(web.Answers):
    def give(self, name):
        if name.startswith('people'):
            self.send(people(name.encode(), int(name.split('_')[1])), '200 OK', 'ETag: "%s"' % name)
        elif name.startswith('fat'):
            self.send(fat(name.encode(), int(name.split('_')[1])))
        else:
            super().give(name)

    def western(self):
        self.send('Vorname;Nachname;E-Mail\nJosé;Müller;jose@acme.example\n'.encode('cp1252'), '200 OK',
                  'Content-Type: text/csv; charset=windows-1252')

    def wrong_charset(self):
        self.send('firstName,lastName,email\nJosé,Müller,utf8@acme.example\n'.encode(), '200 OK',
                  'Content-Type: text/csv; charset=utf-16le')

    def nameless(self):
        self.send(b'a,b,c\n1,2,3\n')

    def headless(self):
        self.send(b'ada@acme.example,Ada,hunter2hunter2\nbob@acme.example,Bob,hunter2hunter2\n')

    def half_bad(self):
        self.send(HEADER + b'Ada,Byron,ada@acme.example\nBad,Row,nonsense\n')

    # a file that takes its time: 0.1 s
    def drip(self, pieces=None, seconds=None):
        if pieces is not None:
            return super().drip(pieces, seconds)
        body = people(self.query.encode(), int(self.query.split('-')[0]))
        self.ok('Content-Length: %d' % len(body), 'ETag: "%s"' % self.query)
        size = len(body) // 5 + 1
        return super().drip([body[i:i + size] for i in range(0, len(body), size)], 0.02)

    # ten minutes for a file
    def slow_people(self):
        self.ok()
        self.raw(HEADER)
        for i in range(6000):
            self.raw(b'x' * 1500 + b'\n')
            time.sleep(0.1)


web.Answers = Answers
key = 'openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
shell(key + ' -x509 -keyout ca.key -out ca.pem -subj /CN=test -days 2')
shell(key + ' -keyout site.key -out site.csr -subj /CN=localhost -addext subjectAltName=DNS:localhost')
shell('openssl x509 -req -in site.csr -CA ca.pem -CAkey ca.key -days 2 -copy_extensions copy -out site.pem')
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(SCRATCH + '/site.pem', SCRATCH + '/site.key')
print(web.Site(['127.0.0.1'], context).port, flush=True)
sys.stdin.read()
