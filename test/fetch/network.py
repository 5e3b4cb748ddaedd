"""
A network for the lab: its addresses and names, who it trusts, and what must not be reached in it.

    network.py FOLDER       makes this network namespace, and the mounts of this mount namespace, those of the lab
"""
import ssl
import subprocess
import sys

import disguises
from web import Sink, Site

GOOD = '127.0.0.2'              # excepted; the rest of 127.0.0.0/8 is not
PUBLIC = '11.22.33.99'          # reached as a public address is; alone only
OWN = '11.22.33.44'             # of an interface; alone only

# names that mean one address when asked first and another when asked again
NAMES = {
    'good.test': [[PUBLIC]], 'flip.good.test': [[PUBLIC], ['127.0.0.1']], 'flop.good.test': [['127.0.0.1'], [PUBLIC]],
    'both.good.test': [['127.0.0.1', PUBLIC], [PUBLIC, '127.0.0.1']], 'six.good.test': [['::1', PUBLIC]],
    'mapped.good.test': [['::ffff:127.0.0.1']], 'nat64.good.test': [['64:ff9b::7f00:1']],
    'alias.good.test': [['localhost.test', '127.0.0.1']], 'loop.good.test': [['127.0.0.1']], 'zero.good.test': [['0.0.0.0', '::']],
    'metadata.good.test': [['169.254.169.254']], 'own.good.test': [[OWN]], 'silent.good.test': 'silence',
    'turn.good.test': [[PUBLIC], ['::1'], ['169.254.169.254'], ['::ffff:127.0.0.1'], [OWN]]}
CHANGING = ('flip', 'flop', 'turn')
STEADY = (('both', 'ok'), ('six', 'ok'), *((name, 'address_not_allowed') for name in (
    'mapped', 'nat64', 'alias', 'loop', 'zero', 'metadata', 'own')))


def shell(folder, command):
    subprocess.run(command, shell=True, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def certificates(folder):
    key = 'openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
    shell(folder, key + ' -x509 -keyout ca.key -out ca.pem -subj /CN=lab -days 2')
    for name, days, alt in (('good', 2, 'IP:%s,DNS:good.test,DNS:*.good.test' % GOOD), ('other', 2, 'DNS:other.test'),
                            ('expired', -1, 'IP:' + GOOD)):
        shell(folder, '%s -keyout %s.key -out %s.csr -subj /CN=%s -addext subjectAltName=%s' % (key, name, name, name, alt))
        shell(folder, 'openssl x509 -req -in %s.csr -CA ca.pem -CAkey ca.key -days %d -copy_extensions copy -out %s.pem'
              % (name, days, name))


def tls(folder, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain('%s/%s.pem' % (folder, name), '%s/%s.key' % (folder, name))
    return context


def isolate(folder):
    """A network in which whatever must not be reached is reached, and is the sink; anybody may listen at any port."""
    with open(folder + '/resolv.conf', 'w') as file:
        file.write('nameserver 127.0.0.1\noptions timeout:30 attempts:1\n')
    with open(folder + '/nsswitch.conf', 'w') as file:
        file.write('hosts: files dns\n')
    shell(folder, 'ip link set lo up && echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start && '
          'mount --bind resolv.conf "$(realpath /etc/resolv.conf)" && '
          'mount --bind nsswitch.conf "$(realpath /etc/nsswitch.conf)"')
    for target in disguises.TARGETS:
        if target != '0.0.0.0' and not target.startswith('127.'):
            shell(folder, 'ip address add %s/32 dev lo' % target)
    shell(folder, 'ip address add %s/32 dev lo && ip route add local %s/32 dev lo' % (OWN, PUBLIC))


def sites(folder, alone):
    """The good site, with TLS and without, and the sink, which is wherever they are not."""
    addresses = [GOOD, PUBLIC] if alone else [GOOD]
    secure, plain = Site(addresses, tls(folder, 'good')), Site(addresses)
    sink = Sink()
    port = sink.listen('::' if alone else '127.0.0.1')
    for address in ('127.0.0.1', '::1', *((OWN, '169.254.169.254') if alone else ())):
        for other in (secure.port, plain.port, *(() if alone else (port,))):
            if (address, other) != ('127.0.0.1', port):
                sink.listen(address, other)
    if alone:
        sink.listen('::', 80)
        sink.listen('::', 443)
    return secure, plain, sink, port


def hosts_that_lead_to_the_sink(port):
    """A list that names all of them, so that nothing but the address is left to decide."""
    names = {'localhost', '[::1]', '[::]', '[fc00::1]', '[ff02::1]', '[fe80::1]', '[fd00:ec2::254]', '[::127.0.0.1]'}
    for target in disguises.TARGETS:
        names.update((target, *(host for host in disguises.hosts_of(target) if host.startswith('['))))
    return ' '.join('http://%s http://%s:%d %s:%d' % (name, name, port, name, port) for name in sorted(names))


if __name__ == '__main__':
    isolate(sys.argv[1])
