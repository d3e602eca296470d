package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"sallyport/internal/testkit/need"
)

// beforeNodes makes the machine that docs/two-nodes.md is about, as before does for the operations page. The services
// are the two nodes.
const beforeNodes = `set -eu
mount --make-rprivate /
cp -a /etc "$TEST/etc"
mount --bind "$TEST/etc" /etc
for folder in /var/lib /usr/local /var/log /var/backups /run /root; do mount -t tmpfs none "$folder"; done
mkdir -p /usr/local/bin /var/log/nginx /var/lib/nginx /etc/nginx/conf.d
ip link set lo up
rm -rf /etc/sallyport /etc/nginx/sites-enabled
mkdir /etc/nginx/sites-enabled
userdel sallyport 2>/dev/null || true
echo "127.0.0.1 door.example.com" >> /etc/hosts
umask 022
nginx

declare -A pid
unit() { sed -n "s/^$1=//p" /etc/systemd/system/sallyport-$n.service; }
systemctl() {
  n=${!#} n=${n##*-}
  case "$1" in
  daemon-reload) ;;
  enable) for n in 1 2; do [ "/var/lib/$(unit StateDirectory)" = /var/lib/sallyport-$n ]; done ;;
  reload) nginx -s reload ;;
  start)
    (umask "$(unit UMask)"; cd /; exec env -u TEST setpriv --reuid "$(unit User)" --regid "$(unit Group)" --clear-groups $(unit ExecStart)) >>/var/log/sallyport-$n.log 2>&1 &
    pid[$n]=$!
    until curl -fsS -o /dev/null http://127.0.0.1:80$((n * 10 + 71))/readyz 2>/dev/null; do kill -0 ${pid[$n]}; done ;;
  stop) kill -TERM ${pid[$n]}; wait ${pid[$n]} ;;
  *) echo "systemctl $*: the test does not know that" >&2; exit 1 ;;
  esac
}
`

// afterNodes looks at what the page has led to.
const afterNodes = `
say() { echo "WRONG: $1" >&2; exit 1; }
[ "$(sallyport --config /etc/sallyport/node-2.toml policy get organisation)" = "Before the fail-over" ] || say "an acknowledged change is lost"
sallyport --config /etc/sallyport/node-1.toml policy set organisation "After it"
[ "$(sallyport --config /etc/sallyport/node-2.toml policy get organisation)" = "After it" ] || say "the other node does not see a change"
curl -fsS --cacert /etc/sallyport/tls.crt https://door.example.com/sign-in | grep -q "After it" || say "the door does not show it"
[ "$(as_postgres psql -h /var/lib/pg-db2 -Atc "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.usename = 'sallyport' AND NOT s.ssl")" = 0 ] || say "a connection without TLS"
sallyport --config /etc/sallyport/node-1.toml config | grep database | grep -q change-me && say "the password is shown"
sed 's/sslrootcert=[^"]*/sslmode=require/' /etc/sallyport/node-1.toml > /etc/sallyport/loose.toml
sallyport --config /etc/sallyport/loose.toml policy get organisation && say "a certificate that nobody verified is taken"
systemctl stop sallyport-1
systemctl stop sallyport-2
as_postgres pg_ctl -D /var/lib/pg-db2/data -m immediate stop >/dev/null
if command -v systemd-analyze >/dev/null; then systemd-analyze verify /etc/systemd/system/sallyport-1.service /etc/systemd/system/sallyport-2.service; fi
if grep -q panic /var/log/sallyport-*.log; then say "a server panicked"; fi
nginx -s stop
echo ALL DONE
`

// TestTwoNodesPage runs every command of docs/two-nodes.md, the fail-over with them, in order.
func TestTwoNodesPage(t *testing.T) {
	for _, program := range []string{"nginx", "openssl", "curl", "ip", "unshare", "setpriv", "useradd", "/usr/lib/postgresql/15/bin/pg_basebackup"} {
		need.Program(t, program)
	}
	if os.Getuid() != 0 {
		need.Missing(t, "root")
	}
	page, err := os.ReadFile("../../docs/two-nodes.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	script.WriteString(beforeNodes)
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 8 {
		t.Fatalf("only %d blocks of commands", len(blocks))
	}
	for i, b := range blocks {
		fmt.Fprintf(&script, "echo '=== block %d'\n%s", i+1, b[1])
	}
	script.WriteString(afterNodes)
	folder := checkout(t)
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script.String())
	cmd.Dir = folder
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TEST=" + folder, "HOME=/root", "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC}
	out, err := cmd.CombinedOutput()
	if err != nil && strings.Contains(err.Error(), "operation not permitted") {
		need.Missing(t, "the right to make namespaces")
	}
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "ALL DONE") {
		t.Fatalf("%v\n%s", err, out)
	}
	if testing.Verbose() {
		t.Logf("%s", out)
	}
}
