"""
The servers and names of the fetch's lab, for 180_import_hostile.pl.

    hostile.py FOLDER_OF_TESTS SCRATCH FULL ALONE

Runs until its input ends.  Its first line says what there is to ask for, and what must come of it, as JSON; each line
that it then reads is answered with what has reached the sink.
"""
import json
import sys

sys.path.insert(0, sys.argv[1] + '/../fetch')
import disguises  # noqa: E402
import network  # noqa: E402
import web  # noqa: E402
from nameserver import NameServer  # noqa: E402

SCRATCH, FULL, ALONE = sys.argv[2], sys.argv[3] == '1', sys.argv[4] == '1'
SECRET = '?X-Signature=SECRET'
NO_FILE = ('nothing', 'largest', 'shorter-than-sent')

network.certificates(SCRATCH)
web.bomb()
secure, plain, sink, port = network.sites(SCRATCH, ALONE)
server = NameServer('127.0.0.1', network.NAMES) if ALONE else None
PLAIN = '%s:%d' % (network.GOOD, plain.port)
ROOTS = ['https://%s:%d' % (network.GOOD, secure.port)] + ['http://' + PLAIN] * FULL


def come_to(name, problem):
    """What a job says that asked for the answer."""
    if name in NO_FILE:
        return 'failed File'
    if name == 'html':
        return 'failed not_csv:'
    if problem == 'ok':
        return 'complete'
    return 'fetching' if name in ('busy', 'busy-until') else 'failed %s:' % problem


def answers():
    for root in ROOTS:
        for name, problem in web.EXPECTED.items():
            yield '%s/%s%s' % (root, name, SECRET), come_to(name, problem)
        yield '%s/busy-once%s%s' % (root, SECRET, root[:5]), 'complete'
        for path, wanted in (('hops?3', 'complete'), ('hops?4', 'failed redirect_invalid:'), ('loop', 'failed redirect_invalid:')):
            yield root + '/' + path, wanted
    yield ROOTS[0] + '/truncated-tls' + SECRET, 'failed connection_broken:'


def hidden():
    """Disguises, and redirects to them.  Some are read as the good host, which may be asked then."""
    direct = disguises.of_addresses(port) + disguises.of_parsers(port, PLAIN)
    direct = [url + SECRET if url.endswith('/leak') else url for url in direct]
    quoted = [url.replace('%', '%25').replace('#', '%23').replace(' ', '%20').replace('?', '%3f') for url in direct]
    redirects = ['http://%s/to?%s' % (PLAIN, url) for url in quoted]
    return direct + redirects[::3] if FULL else direct[::10] + redirects[5::30]


def named():
    def url(name, site):
        return '%s://%s:%d/csv%s' % ('https' if site is secure else 'http', name, site.port, SECRET)

    for site in (plain, secure):
        for name in network.CHANGING:
            for _ in range(30 if FULL else 6):
                yield url(name + '.good.test', site), 'complete|failed address_not_allowed:'
        for name, problem in network.STEADY:
            yield url(name + '.good.test', site), come_to('csv', problem)
        for name in disguises.look_alikes('good.test'):
            yield url(name, site), 'refused'


print(json.dumps({
    'hosts': ' '.join(['http://' + PLAIN, '%s:%d' % (network.GOOD, secure.port), network.hosts_that_lead_to_the_sink(port),
                       'good.test:%d *.good.test:%d http://*.good.test:%d' % (secure.port, secure.port, plain.port)]),
    'networks': network.GOOD, 'good': PLAIN, 'answers': list(answers()), 'hidden': hidden(),
    'named': list(named()) if ALONE else []}), flush=True)
for _ in sys.stdin:
    turned = sum(count for (_, entry), count in server.given.items() if entry != network.PUBLIC) if ALONE else 0
    unknown = [name for name, _ in server.asked if name not in network.NAMES] if ALONE else []
    print(json.dumps({'connections': sink.connections, 'bytes': sink.bytes, 'turned': turned, 'unknown': unknown}), flush=True)
