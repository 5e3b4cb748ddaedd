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
import ssl
import subprocess
import sys
import time

import disguises
from nameserver import NameServer
from web import PEOPLE, MEGABYTES_10, Answers, Sink, Site, bomb

DRIVER, SCRATCH = sys.argv[1:3]
ALONE = 'alone' in sys.argv[3:]
LONG = os.environ.get('CANOPY_LONG') == '1'
GOOD = '127.0.0.2'              # excepted; the rest of 127.0.0.0/8 is not
PUBLIC = '11.22.33.99'          # reached as a public address is; alone only
OWN = '11.22.33.44'             # of an interface; alone only
MEMORY = 64 * 1024              # KB that a run may take at most
SHA256 = hashlib.sha256(PEOPLE).hexdigest()
tests = 0


def ok(holds, sentence, seen=''):
    global tests
    tests += 1
    print('%sok %d - %s%s' % ('' if holds else 'not ', tests, sentence.replace('#', '\\#'),
                              '' if holds else ' (%s)' % (seen,)), flush=True)


def shell(command):
    subprocess.run(command, shell=True, check=True, cwd=SCRATCH, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def certificates():
    key = 'openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
    shell(key + ' -x509 -keyout ca.key -out ca.pem -subj /CN=lab -days 2')
    for name, days, alt in (('good', 2, 'IP:%s,DNS:good.test,DNS:*.good.test' % GOOD), ('other', 2, 'DNS:other.test'),
                            ('expired', -1, 'IP:' + GOOD)):
        shell('%s -keyout %s.key -out %s.csr -subj /CN=%s -addext subjectAltName=%s' % (key, name, name, name, alt))
        shell('openssl x509 -req -in %s.csr -CA ca.pem -CAkey ca.key -days %d -copy_extensions copy -out %s.pem'
              % (name, days, name))


def tls(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain('%s/%s.pem' % (SCRATCH, name), '%s/%s.key' % (SCRATCH, name))
    return context


def drive(urls, hosts, networks=GOOD, env=None, **options):
    """One dictionary per URL, of what the driver said."""
    options = {'ca': SCRATCH + '/ca.pem', 'total_ms': 3000, 'connect_ms': 2000, 'floor_s': 1, **options}
    command = [DRIVER, '--hosts', hosts]
    if networks:
        command += ['--networks', networks]
    for name, value in options.items():
        if value is not None:
            command += ['--' + name.replace('_', '-'), str(value)]
    ran = subprocess.run(command + ['-'], input=''.join(url + '\n' for url in urls).encode(), stdout=subprocess.PIPE,
                         timeout=600, env={**os.environ, **(env or {})})
    answers = [dict(field.partition('=')[::2] for field in line.split('\t'))
               for line in ran.stdout.decode('utf-8', 'replace').splitlines()]
    if ran.returncode or len(answers) != len(urls):
        raise SystemExit('the driver ended with %d after %d of %d' % (ran.returncode, len(answers), len(urls)))
    return answers


def alone():
    """A network in which whatever must not be reached is reached, and is the sink."""
    with open(SCRATCH + '/resolv.conf', 'w') as file:
        file.write('nameserver 127.0.0.1\noptions timeout:1 attempts:1\n')
    with open(SCRATCH + '/nsswitch.conf', 'w') as file:
        file.write('hosts: files dns\n')
    shell('ip link set lo up && mount --bind resolv.conf "$(realpath /etc/resolv.conf)" && '
          'mount --bind nsswitch.conf "$(realpath /etc/nsswitch.conf)"')
    for target in disguises.TARGETS:
        if target != '0.0.0.0' and not target.startswith('127.'):
            shell('ip address add %s/32 dev lo' % target)
    shell('ip address add %s/32 dev lo && ip route add local %s/32 dev lo' % (OWN, PUBLIC))


certificates()
bomb()
if ALONE:
    alone()
addresses = [GOOD, PUBLIC] if ALONE else [GOOD]
secure, plain = Site(addresses, tls('good')), Site(addresses)
stranger, expired = Site([GOOD], tls('other')), Site([GOOD], tls('expired'))
sink = Sink()
PORT = sink.listen('::' if ALONE else '127.0.0.1')
for address in ('127.0.0.1', '::1', *((OWN, '169.254.169.254') if ALONE else ())):
    for port in (secure.port, plain.port, *(() if ALONE else (PORT,))):
        if (address, port) != ('127.0.0.1', PORT):
            sink.listen(address, port)
if ALONE:
    sink.listen('::', 80)
    sink.listen('::', 443)
SECURE, PLAIN = '%s:%d' % (GOOD, secure.port), '%s:%d' % (GOOD, plain.port)
HOSTS = ' '.join(['http://' + PLAIN, SECURE, '%s:%d' % (GOOD, stranger.port), '%s:%d' % (GOOD, expired.port)])
fetch = functools.partial(drive, hosts=HOSTS)


def at_once(urls):
    """Like fetch, but each by a driver of its own: slow ones wait together."""
    with concurrent.futures.ThreadPoolExecutor(len(urls)) as pool:
        return [answer for answers in pool.map(lambda url: fetch([url]), urls) for answer in answers]


# ---- answers

def test_answers():
    """Each kind of answer, over http and https: the problem, and what must hold besides."""
    good = ('ok', lambda a: a['sha256'] == SHA256 and a['len'] == str(len(PEOPLE)) and a['status'] == '200')
    rows = {
        'csv': ('ok', lambda a: good[1](a) and [a['etag'], a['type'], a['charset']] == ['"v1"', 'text/csv', 'iso-8859-1']),
        'html': ('ok', lambda a: a['type'] == 'text/html' and a['charset'] == ''),
        'nothing': ('ok', lambda a: a['len'] == '0' and a['sha256'] == hashlib.sha256(b'').hexdigest()),
        'chunked': ('ok', lambda a: good[1](a) and a['etag'] == ''),
        'zipped': ('ok', lambda a: good[1](a) and int(a['received']) < len(PEOPLE) / 2),
        'after-hints': ('ok', lambda a: good[1](a) and a['etag'] == ''),
        'zipped-twice-in-a-row': good, 'zipped-chunks': good, 'until-close': good,
        'largest': ('ok', lambda a: a['len'] == str(MEGABYTES_10)),
        'shorter-than-sent': ('ok', lambda a: a['len'] == '5'),
        **dict.fromkeys(('too-large', 'huge-length'), ('file_too_large', lambda a: a['received'] == '0')),
        **dict.fromkeys(('too-large-unsaid', 'endless', 'endless-chunks', 'endless-gzip-name', 'bomb-in-members'),
                        ('file_too_large', lambda a: int(a['received']) <= MEGABYTES_10 + 65536)),
        'bomb': ('file_too_large', lambda a: int(a['received']) < 300000),
        **dict.fromkeys(('truncated', 'truncated-chunks', 'bad-chunks', 'closed', 'reset'), 'connection_broken'),
        **dict.fromkeys(('truncated-gzip', 'damaged-gzip', 'not-gzip', 'gzip-of-gzip', 'deflate', 'brotli',
                         'gzip-transfer'), 'encoding_not_supported'),
        **dict.fromkeys(('version-0-9', 'garbage', 'endless-headers', 'endless-header', 'endless-hints',
                         'negative-length', 'two-lengths', 'switched'), 'answer_invalid'),
        **dict.fromkeys(('slow-head', 'slow-body', 'above-the-floor', 'stalled', 'silent'), 'fetch_too_slow'),
        **dict.fromkeys(('401', '403', '407'), 'fetch_forbidden'), **dict.fromkeys(('404', '410'), 'file_not_found'),
        **dict.fromkeys(('429', '500', '502', '503', '504', 'busy-endless'), ('host_busy', lambda a: a['retry_after'] == '-1')),
        **dict.fromkeys(('201', '204', '206', '300', '304', '418', '501'), 'status_unexpected'),
        'busy': ('host_busy', lambda a: a['status'] == '503' and a['retry_after'] == '86400'),
        'busy-until': ('host_busy', lambda a: a['status'] == '429' and 85 <= int(a['retry_after']) <= 90),
    }
    slow = [name for name in rows if rows[name] == 'fetch_too_slow']
    names = [name for name in rows if name not in slow] + slow
    for root in ('http://' + PLAIN, 'https://' + SECURE):
        urls = [root + '/' + name for name in names]
        for name, answer in zip(names, fetch(urls[:-len(slow)]) + at_once(urls[-len(slow):])):
            problem, holds = rows[name] if isinstance(rows[name], tuple) else (rows[name], lambda a: True)
            scheme = root.partition(':')[0]
            ok(answer['problem'] == problem and holds(answer), '%s: %s is %s' % (scheme, name, problem), answer)
            ok(int(answer['ms']) < 3500 and int(answer['longest']) < 1000 and int(answer['rss']) < MEMORY,
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
        'https://%s/to?/csv%%3fSECRET' % SECURE])
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
        ok(answer['problem'] == 'stopped' and int(answer['ms']) < 700 and int(answer['end']) < 100,
           'a fetch is given up whenever one likes', answer)
    waits = [int(fetch(urls[:1], stop_after=500, **options)[0]['longest']) for options in ({}, {'dead_pipe': 1})]
    ok(waits[0] >= 100 > waits[1], 'a step waits, but not when the descriptor to watch can be read', waits)
    names = ('csv', 'largest', 'zipped', 'chunked', '503', 'hops?3', 'slow-body')
    for answer in fetch(['https://%s/%s' % (SECURE, name) for name in names], storm=1):
        ok(answer['problem'] in ('ok', 'host_busy', 'fetch_too_slow') and answer['open_threads'] == '0',
           'a storm of signals changes nothing', answer)


# ---- what must not be reached

REFUSED = ('address_not_allowed', 'host_not_allowed', 'port_not_allowed', 'url_scheme_not_allowed', 'url_invalid',
           'url_credentials', 'redirect_invalid')


def hosts_that_lead_to_the_sink():
    """A list that names all of them, so that nothing but the address is left to decide."""
    names = {'localhost', '[::1]', '[::]', '[fc00::1]', '[ff02::1]', '[fe80::1]', '[fd00:ec2::254]', '[::127.0.0.1]'}
    for target in disguises.TARGETS:
        names.update((target, *(host for host in disguises.hosts_of(target) if host.startswith('['))))
    return ' '.join('http://%s http://%s:%d %s:%d' % (name, name, PORT, name, PORT) for name in names)


def test_disguises():
    hosts = HOSTS + ' ' + hosts_that_lead_to_the_sink()
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
    ok(sink.connections > (200 if ALONE else 20), 'without the rule %d connections reach the sink' % sink.connections)
    sink.connections = sink.bytes = 0


def test_names():
    """Names that mean one address when asked first and another when asked again."""
    again, hops = 60, ('', 'to?https://flip.good.test:%d/csv' % secure.port)
    server = NameServer('127.0.0.1', {
        'good.test': [[PUBLIC]], 'flip.good.test': [[PUBLIC], ['127.0.0.1']], 'flop.good.test': [['127.0.0.1'], [PUBLIC]],
        'both.good.test': [['127.0.0.1', PUBLIC], [PUBLIC, '127.0.0.1']], 'six.good.test': [['::1', PUBLIC]],
        'mapped.good.test': [['::ffff:127.0.0.1']], 'nat64.good.test': [['64:ff9b::7f00:1']],
        'alias.good.test': [['localhost.test', '127.0.0.1']], 'loop.good.test': [['127.0.0.1']], 'zero.good.test': [['0.0.0.0', '::']],
        'metadata.good.test': [['169.254.169.254']], 'own.good.test': [[OWN]], 'silent.good.test': 'silence',
        'turn.good.test': [[PUBLIC], ['::1'], ['169.254.169.254'], ['::ffff:127.0.0.1'], [OWN]]})
    hosts = 'good.test:%d *.good.test:%d http://*.good.test:%d' % (secure.port, secure.port, plain.port)
    ask = functools.partial(drive, hosts=hosts, networks=None)

    def url(name, path='csv', site=secure):
        return '%s://%s:%d/%s' % ('https' if site is secure else 'http', name, site.port, path)

    ok(ask([url('good.test')])[0]['problem'] == 'ok', 'a public address needs no exception')
    for name in ('flip.good.test', 'flop.good.test', 'turn.good.test'):
        answers = ask([url(name, site=site) for site in (plain, secure) for _ in range(again // 2)])
        answers += ask([url('good.test', 'to?' + url(name, site=site)) for site in (plain, secure) for _ in range(5)])
        seen = {answer['problem'] for answer in answers}
        ok(seen == {'ok', 'address_not_allowed'}, '%s is fetched when public, and refused when not' % name, seen)
        ok(sum(count for (asked, entry), count in server.given.items() if asked == name and entry != PUBLIC) > 10,
           '%s did mean other addresses' % name, server.given)
    for name, wanted in (('both', 'ok'), ('six', 'ok'), ('mapped', None), ('nat64', None), ('alias', None),
                         ('loop', None), ('zero', None), ('metadata', None), ('own', None)):
        for answer in ask([url(name + '.good.test', site=site) for site in (plain, secure)] * 2):
            ok(answer['problem'] == (wanted or 'address_not_allowed'),
               '%s.good.test is %s' % (name, wanted or 'refused'), answer)
    ok((sink.connections, sink.bytes) == (0, 0), 'no name reached the sink', (sink.connections, sink.bytes))
    names = disguises.look_alikes('good.test')
    for name, answer in zip(names, ask([url(name) for name in names])):
        ok(answer['problem'] in ('host_not_allowed', 'url_invalid'), 'a look-alike is refused: ' + ascii(name), answer)
    ok(set(name for name, _ in server.asked) <= set(server.names), 'and its name is not even looked up', server.asked)
    slow = ask([url('silent.good.test')], connect_ms=1500)[0]
    ok(slow['problem'] == 'host_unreachable' and slow['retryable'] == '1' and int(slow['ms']) < 2200 and
       int(slow['longest']) < 400, 'a silent name server is bounded', slow)
    for answer in ask([url('silent.good.test')] * 3, stop_after=200, storm=1):
        ok(int(answer['ms']) < 500 and int(answer['end']) < 100 and answer['open_threads'] == '0',
           'a look-up is given up at once, and its thread is closed to signals', answer)
    ok(ask([url('none.good.test')])[0]['problem'] == 'host_unreachable', 'a name that does not exist is no host')
    loop = ask([url('loop.good.test')], networks='127.0.0.0/8', ca=None)[0]
    ok(sink.connections > 0 and loop['problem'] == 'tls_failed', 'without the rule a name reaches the sink', loop)


def test_production_limits():
    began = time.monotonic()
    rows = (('slow-head', 'fetch_too_slow', 9, 14), ('stalled', 'fetch_too_slow', 9, 14), ('silent', 'fetch_too_slow', 9, 14),
            ('above-the-floor', 'fetch_too_slow', 29, 31))
    for (name, problem, least, most), answer in zip(rows, fetch(
            ['https://%s/%s' % (SECURE, row[0]) for row in rows], total_ms=None, connect_ms=None, floor_s=None)):
        ok(answer['problem'] == problem and least < int(answer['ms']) / 1000 < most,
           '%s takes %d to %d seconds' % (name, least, most), answer)
    ok(time.monotonic() - began < 75, 'no more than that')


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
