"""
The lab of the fetch: real servers on loopback, and a driver that fetches as the worker would. TAP.

    lab.py DRIVER SCRATCH [alone]

"alone" says that we have a network and mounts of our own: then every address that must not be reached leads to
the sink, ports 80 and 443 too, and a name server of ours answers. CANOPY_LONG=1 waits for the limits of production.
"""
import concurrent.futures
import functools
import hashlib
import os
import subprocess
import sys
import time

import disguises
import network
from nameserver import NameServer
from network import GOOD, OWN, PUBLIC
from web import EXPECTED, PEOPLE, MEGABYTES_10, Answers, Site, bomb

DRIVER, SCRATCH = sys.argv[1:3]
ALONE = 'alone' in sys.argv[3:]
LONG = os.environ.get('CANOPY_LONG') == '1'
MEMORY = 64 * 1024              # KB that a run may take at most
# limits of a fetch: they end one that is meant to be slow, and no other, however busy the machine is
PATIENT = {'total_ms': 300000, 'connect_ms': 120000, 'floor_s': 120}
HASTY = {'total_ms': 3000, 'connect_ms': 2000, 'floor_s': 1}
BUSY = 20000                    # ms; what is heard at once, or waits for nothing, takes less
SHA256 = hashlib.sha256(PEOPLE).hexdigest()
tests = 0


def ok(holds, sentence, seen=''):
    global tests
    tests += 1
    print('%sok %d - %s%s' % ('' if holds else 'not ', tests, sentence.replace('#', '\\#'),
                              '' if holds else ' (%s)' % (seen,)), flush=True)


def drive(urls, hosts, networks=GOOD, env=None, **options):
    """One dictionary per URL, of what the driver said."""
    options = {'ca': SCRATCH + '/ca.pem', **PATIENT, **options}
    command = [DRIVER, '--hosts', hosts]
    if networks:
        command += ['--networks', networks]
    for name, value in options.items():
        if value is not None:
            command += ['--' + name.replace('_', '-'), str(value)]
    ran = subprocess.run(command + ['-'], input=''.join(url + '\n' for url in urls).encode(), stdout=subprocess.PIPE,
                         timeout=1200, env={**os.environ, **(env or {})})
    answers = [dict(field.partition('=')[::2] for field in line.split('\t'))
               for line in ran.stdout.decode('utf-8', 'replace').splitlines()]
    if ran.returncode or len(answers) != len(urls):
        raise SystemExit('the driver ended with %d after %d of %d' % (ran.returncode, len(answers), len(urls)))
    return answers


network.certificates(SCRATCH)
bomb()
if ALONE:
    network.isolate(SCRATCH)
secure, plain, sink, PORT = network.sites(SCRATCH, ALONE)
stranger, expired = Site([GOOD], network.tls(SCRATCH, 'other')), Site([GOOD], network.tls(SCRATCH, 'expired'))
SECURE, PLAIN = '%s:%d' % (GOOD, secure.port), '%s:%d' % (GOOD, plain.port)
HOSTS = ' '.join(['http://' + PLAIN, SECURE, '%s:%d' % (GOOD, stranger.port), '%s:%d' % (GOOD, expired.port)])
fetch = functools.partial(drive, hosts=HOSTS)


def at_once(urls):
    """Like fetch, but each by a driver of its own and hasty: slow ones wait together."""
    with concurrent.futures.ThreadPoolExecutor(len(urls)) as pool:
        return [answer for answers in pool.map(lambda url: fetch([url], **HASTY), urls) for answer in answers]


# ---- answers

def test_answers():
    """Each kind of answer, over http and https: the problem, and what must hold besides."""
    def good(a):
        return a['sha256'] == SHA256 and a['len'] == str(len(PEOPLE)) and a['status'] == '200'

    holds = {
        'csv': lambda a: good(a) and [a['etag'], a['type'], a['charset']] == ['"v1"', 'text/csv', 'iso-8859-1'],
        'html': lambda a: a['type'] == 'text/html' and a['charset'] == '',
        'nothing': lambda a: a['len'] == '0' and a['sha256'] == hashlib.sha256(b'').hexdigest(),
        'chunked': lambda a: good(a) and a['etag'] == '',
        'zipped': lambda a: good(a) and int(a['received']) < len(PEOPLE) / 2,
        'after-hints': lambda a: good(a) and a['etag'] == '',
        'zipped-twice-in-a-row': good, 'zipped-chunks': good, 'until-close': good,
        'largest': lambda a: a['len'] == str(MEGABYTES_10),
        'shorter-than-sent': lambda a: a['len'] == '5',
        **dict.fromkeys(('too-large', 'huge-length'), lambda a: a['received'] == '0'),
        **dict.fromkeys(('too-large-unsaid', 'endless', 'endless-chunks', 'endless-gzip-name', 'bomb-in-members'),
                        lambda a: int(a['received']) <= MEGABYTES_10 + 65536),
        'bomb': lambda a: int(a['received']) < 300000,
        **dict.fromkeys(('429', '500', '502', '503', '504', 'busy-endless'), lambda a: a['retry_after'] == '-1'),
        'busy': lambda a: a['status'] == '503' and a['retry_after'] == '86400',
        'busy-until': lambda a: a['status'] == '429' and 30 <= int(a['retry_after']) <= 90,
    }
    rows = {name: (problem, holds.get(name, lambda a: True)) for name, problem in EXPECTED.items()}
    slow = [name for name in rows if rows[name][0] == 'fetch_too_slow']
    names = [name for name in rows if name not in slow] + slow
    for root in ('http://' + PLAIN, 'https://' + SECURE):
        urls = [root + '/' + name for name in names]
        for name, answer in zip(names, fetch(urls[:-len(slow)]) + at_once(urls[-len(slow):])):
            problem, does_hold = rows[name]
            scheme = root.partition(':')[0]
            ok(answer['problem'] == problem and does_hold(answer), '%s: %s is %s' % (scheme, name, problem), answer)
            ok(int(answer['ms']) < HASTY['total_ms'] + BUSY and int(answer['longest']) < BUSY and int(answer['rss']) < MEMORY,
               '%s: %s is bounded in time, steps and memory' % (scheme, name), answer)
            ok((answer['problem'] in ('host_busy', 'connection_broken')) == (answer['retryable'] == '1'),
               '%s: %s is tried again if that may help' % (scheme, name), answer)
    ok(fetch(['https://%s/truncated-tls' % SECURE])[0]['problem'] == 'connection_broken',
       'a body that TLS does not end is not whole', fetch(['https://%s/truncated-tls' % SECURE]))
    untested = {name for name in vars(Answers) if not name.startswith('_')} - {
        name.replace('-', '_') for name in rows} - set('''give raw send ok drip to to_307 to_308 hops loop nowhere too_far
        endless_redirect busy_once truncated_tls'''.split())
    ok(not untested, 'each way to misbehave is tried', untested)


def test_tls():
    for url, problem, sentence in (
            ('https://%s:%d/csv' % (GOOD, stranger.port), 'certificate_invalid', 'a certificate of another host'),
            ('https://%s:%d/csv' % (GOOD, expired.port), 'certificate_invalid', 'a certificate that has expired'),
            ('https://%s/csv' % PLAIN, 'tls_failed', 'a host that speaks no TLS')):
        ok(fetch([url])[0]['problem'] == problem, '%s is %s' % (sentence, problem), fetch([url]))
    ok(fetch(['https://%s/csv' % SECURE], ca=None)[0]['problem'] == 'certificate_invalid',
       'without the setting an authority of ours is not trusted')
    ok(not stranger.requests and not expired.requests, 'nothing is asked of a host that is not trusted')


def test_redirects():
    to = 'https://%s/to?' % SECURE
    rows = (
        ('https://%s/hops?3' % SECURE, 'ok', 3), ('https://%s/hops?4' % SECURE, 'redirect_invalid', 3),
        ('https://%s/loop' % SECURE, 'redirect_invalid', 3), ('https://%s/nowhere' % SECURE, 'redirect_invalid', 0),
        ('https://%s/too-far' % SECURE, 'redirect_invalid', 0), ('https://%s/endless-redirect' % SECURE, 'ok', 1),
        (to + '/csv', 'ok', 1), (to + '//%s/csv' % SECURE, 'ok', 1), (to + '/csv%23part', 'ok', 1),
        (to + 'http://%s/csv' % PLAIN, 'ok', 1), ('http://%s/to?https://%s/csv' % (PLAIN, SECURE), 'ok', 1),
        (to + 'http://%s/csv' % SECURE, 'url_scheme_not_allowed', 1),
        (to + 'https://user:secret@%s/csv' % SECURE, 'url_credentials', 0),
        (to + 'https://unlisted.example/csv', 'host_not_allowed', 1), (to + 'file:///etc/passwd', 'url_scheme_not_allowed', 1),
        (to + 'gopher://%s/' % SECURE, 'url_scheme_not_allowed', 1), (to + 'https://%s:1/' % GOOD, 'port_not_allowed', 1),
        (to + 'https://', 'redirect_invalid', 0), (to.replace('to', 'to-307') + '/csv', 'ok', 1),
        (to.replace('to', 'to-308') + '/csv', 'ok', 1))
    for row, answer in zip(rows, fetch([row[0] for row in rows])):
        ok((answer['problem'], int(answer['redirects'])) == row[1:],
           '%s is %s after %d redirects' % (row[0].partition('/')[2], row[1], row[2]), answer)
    ok(not any('cookie' in head.lower() or 'authorization' in head.lower() or 'referer' in head.lower()
               for site in (secure, plain) for head in site.requests), 'no cookie, credential or referrer is sent')
    ok(all('\r\nAccept-Encoding: gzip\r\n' in head and '\r\nUser-Agent: canopy_bulk\r\n' in head
           for head in secure.requests), 'gzip alone is asked for')


def test_retries():
    url = 'https://%s/busy-once?a' % SECURE
    first, second = fetch([url, url])
    ok([first['problem'], first['retryable'], first['retry_after']] == ['host_busy', '1', '1'],
       '429 with Retry-After says when to come back', first)
    ok(second['problem'] == 'ok' and second['sha256'] == SHA256, 'and then it is 200', second)
    answers = fetch(['https://%s/503' % SECURE] * 5)
    ok(all(answer['problem'] == 'host_busy' for answer in answers), '503 stays 503')


def test_secrets():
    answers = fetch(['https://%s/%s?sig=SECRET#SECRET' % (SECURE, name) for name in ('csv', '404', 'silent')] + [
        'https://SECRET:SECRET@%s/csv' % SECURE, 'SECRET', 'https://%s:99999/?SECRET' % GOOD,
        'https://%s/to?/csv%%3fSECRET' % SECURE], **HASTY)
    ok('SECRET' not in str(answers), 'nothing that is said has the query, fragment or user of a URL', answers)
    ok(answers[0]['url'] == 'https://%s/csv' % SECURE, 'a URL is shown without its query', answers[0])


def test_environment():
    proxy = 'http://127.0.0.1:%d' % PORT
    env = {name: proxy for name in ('http_proxy', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY')}
    with open(SCRATCH + '/.netrc', 'w') as file:
        file.write('machine %s login SECRET password SECRET\n' % GOOD)
    answers = fetch(['https://%s/csv' % SECURE, 'http://%s/csv' % PLAIN],
                    env={**env, 'HOME': SCRATCH, 'CURL_HOME': SCRATCH, 'no_proxy': ''})
    ok(all(answer['problem'] == 'ok' for answer in answers), 'a proxy of the environment is not asked', answers)
    ok(not any('authorization' in head.lower() for head in plain.requests + secure.requests), 'nor is .netrc')


def test_interruptions():
    urls = ['https://%s/%s' % (SECURE, name) for name in ('silent', 'slow-head', 'stalled', 'above-the-floor')]
    for answer in fetch(urls, stop_after=300):
        ok(answer['problem'] == 'stopped' and int(answer['ms']) < BUSY and int(answer['end']) < BUSY,
           'a fetch is given up whenever one likes', answer)
    steps = [int(fetch(urls[:1], stop_after=500, **options)[0]['steps']) for options in ({}, {'dead_pipe': 1})]
    ok(steps[0] <= 20 < steps[1], 'a step waits, but not when the descriptor to watch can be read', steps)
    names = ('csv', 'largest', 'zipped', 'chunked', '503', 'hops?3', 'slow-body')
    for answer in fetch(['https://%s/%s' % (SECURE, name) for name in names], storm=1, **HASTY):
        ok(answer['problem'] in ('ok', 'host_busy', 'fetch_too_slow') and answer['open_threads'] == '0',
           'a storm of signals changes nothing', answer)


# ---- what must not be reached

REFUSED = ('address_not_allowed', 'host_not_allowed', 'port_not_allowed', 'url_scheme_not_allowed', 'url_invalid',
           'url_credentials', 'redirect_invalid')


def test_disguises():
    hosts = HOSTS + ' ' + network.hosts_that_lead_to_the_sink(PORT)
    direct = disguises.of_addresses(PORT) + disguises.of_parsers(PORT, PLAIN)
    by_redirect = ['http://%s/to?%s' % (PLAIN, url.replace('%', '%25').replace('#', '%23').replace(' ', '%20'))
                   for url in direct[::3]]
    urls = direct + by_redirect
    ok(len(direct) >= 300, 'there are enough disguises: %d, and %d redirects to them' % (len(direct), len(by_redirect)))
    for listed, sentence in ((hosts, 'although its host is listed'), (HOSTS, 'as its host is not listed')):
        answers = drive(urls, listed)
        for url, answer in zip(urls, answers):
            # the good host may be asked, if that is what the parser reads
            reached = answer['problem'] == 'ok' and answer['url'].startswith('http://%s/' % PLAIN)
            ok((answer['problem'] in REFUSED and (answer['received'] == '0')) or reached or
               (PLAIN in url and answer['problem'] in ('answer_invalid', 'file_not_found', 'connection_broken')),
               'refused %s: %s' % (sentence, ascii(url)), answer)
        ok((sink.connections, sink.bytes) == (0, 0), 'nothing reached the sink', (sink.connections, sink.bytes))
    # the same URLs do lead there when every network is excepted: the test can fail
    drive(urls, hosts, networks='0.0.0.0/0 ::/0', total_ms=300, connect_ms=300)
    for _ in range(6000):
        if sink.connections > (200 if ALONE else 20):
            break
        time.sleep(0.1)
    else:
        ok(False, 'without the rule connections reach the sink', sink.connections)
    ok(True, 'without the rule connections reach the sink')
    sink.connections = sink.bytes = 0


def test_names():
    """Names that mean one address when asked first and another when asked again."""
    again = 60
    server = NameServer('127.0.0.1', network.NAMES)
    hosts = 'good.test:%d *.good.test:%d http://*.good.test:%d' % (secure.port, secure.port, plain.port)
    ask = functools.partial(drive, hosts=hosts, networks=None)

    def url(name, path='csv', site=secure):
        return '%s://%s:%d/%s' % ('https' if site is secure else 'http', name, site.port, path)

    ok(ask([url('good.test')])[0]['problem'] == 'ok', 'a public address needs no exception')
    for name in (name + '.good.test' for name in network.CHANGING):
        answers = ask([url(name, site=site) for site in (plain, secure) for _ in range(again // 2)])
        answers += ask([url('good.test', 'to?' + url(name, site=site)) for site in (plain, secure) for _ in range(5)])
        seen = {answer['problem'] for answer in answers}
        ok(seen == {'ok', 'address_not_allowed'}, '%s is fetched when public, and refused when not' % name, seen)
        ok(sum(count for (asked, entry), count in server.given.items() if asked == name and entry != PUBLIC) > 10,
           '%s did mean other addresses' % name, server.given)
    for name, wanted in network.STEADY:
        for answer in ask([url(name + '.good.test', site=site) for site in (plain, secure)] * 2):
            ok(answer['problem'] == wanted, '%s.good.test is %s' % (name, wanted), answer)
    ok((sink.connections, sink.bytes) == (0, 0), 'no name reached the sink', (sink.connections, sink.bytes))
    names = disguises.look_alikes('good.test')
    for name, answer in zip(names, ask([url(name) for name in names])):
        ok(answer['problem'] in ('host_not_allowed', 'url_invalid'), 'a look-alike is refused: ' + ascii(name), answer)
    ok(set(name for name, _ in server.asked) <= set(server.names), 'and its name is not even looked up', server.asked)
    slow = ask([url('silent.good.test')], connect_ms=1500)[0]
    ok(slow['problem'] == 'host_unreachable' and slow['retryable'] == '1' and int(slow['ms']) < BUSY and
       int(slow['longest']) < BUSY, 'a silent name server is bounded', slow)
    for answer in ask([url('silent.good.test')] * 3, stop_after=200, storm=1):
        ok(int(answer['ms']) < BUSY and int(answer['end']) < BUSY and answer['open_threads'] == '0',
           'a look-up is given up at once, and its thread is closed to signals', answer)
    ok(ask([url('none.good.test')])[0]['problem'] == 'host_unreachable', 'a name that does not exist is no host')
    loop = ask([url('loop.good.test')], networks='127.0.0.0/8', ca=None)[0]
    ok(sink.connections > 0 and loop['problem'] == 'tls_failed', 'without the rule a name reaches the sink', loop)


def test_production_limits():
    rows = (('slow-head', 'fetch_too_slow', 9, 25), ('stalled', 'fetch_too_slow', 9, 25), ('silent', 'fetch_too_slow', 9, 25),
            ('above-the-floor', 'fetch_too_slow', 29, 50))
    for (name, problem, least, most), answer in zip(rows, fetch(
            ['https://%s/%s' % (SECURE, row[0]) for row in rows], total_ms=None, connect_ms=None, floor_s=None)):
        ok(answer['problem'] == problem and least < int(answer['ms']) / 1000 < most,
           '%s takes %d to %d seconds' % (name, least, most), answer)


for test in (test_answers, test_tls, test_redirects, test_retries, test_secrets, test_environment, test_interruptions,
             test_disguises):
    test()
if ALONE:
    test_names()
else:
    print('ok %d # SKIP no network of our own: names that change are not tried' % (tests + 1))
    tests += 1
if LONG:
    test_production_limits()
print('1..%d' % tests)
