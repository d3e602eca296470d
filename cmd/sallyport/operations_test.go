package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"sallyport/internal/testkit/need"
	"sallyport/internal/testkit/server"
)

// before makes the machine that the page is about, in namespaces of the test's own: an empty Debian with nginx, whose
// door.example.com is itself. systemctl is a stand-in that does what the unit says.
const before = `set -eu
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

unit() { sed -n "s/^$1=//p" /etc/systemd/system/sallyport.service; }
systemctl() {
  case "$*" in
  daemon-reload) ;;
  "reload nginx") nginx -s reload ;;
  "enable --now sallyport"|"start sallyport")
    (umask "$(unit UMask)"; cd /; exec env -u TEST setpriv --reuid "$(unit User)" --regid "$(unit Group)" --clear-groups $(unit ExecStart)) >>/var/log/sallyport.log 2>&1 &
    pid=$!
    until curl -fsS -o /dev/null http://127.0.0.1:8081/readyz 2>/dev/null; do kill -0 $pid; done ;;
  "stop sallyport") kill -TERM $pid; wait $pid ;;
  "restart sallyport") systemctl stop sallyport; systemctl start sallyport ;;
  *) echo "systemctl $*: the test does not know that" >&2; exit 1 ;;
  esac
}
`

// after looks at what the page has led to.
const after = `
say() { echo "WRONG: $1" >&2; exit 1; }
headers=$(curl -fsS --cacert /etc/sallyport/tls.crt -D - -o /dev/null https://door.example.com/sign-in)
echo "$headers" | grep -qi '^strict-transport-security: max-age=63072000' || say "no HSTS through nginx"
echo "$headers" | grep -qi '^set-cookie: __Host-sallyport-signin=.*Secure' || say "no __Host- cookie through nginx"
[ "$(curl -sk -o /dev/null -w '%{http_code}' -H 'X-Forwarded-For: 6.6.6.6' https://door.example.com/smuggled)" = 404 ] || say "not 404"
grep '"path":"/smuggled"' /var/log/sallyport.log | grep -q '"address":"127.0.0.1"' || say "the client could say who he is"
[ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/sign-in)" = 421 ] || say "another host is answered"
tar -tf /var/backups/sallyport/whole.tar | tr '\n' ' ' | grep -qx 'today.db key ' || say "the copy with the key is not whole"
[ "$(stat -c '%U %a' /var/lib/sallyport/sallyport.db)" = "sallyport 600" ] || say "the database belongs to somebody else"
[ "$(sallyport policy get session-idle)" = 30 ] || say "the command does not reach the server"
sallyport backup /root/last.db
systemctl stop sallyport
sallyport policy get session-idle
[ "$(stat -c %U /var/lib/sallyport/sallyport.db)" = sallyport ] || say "root has taken the database"
page=$(unit Documentation)
[ -r "${page#file://}" ] || say "the unit names a page that is not there"
if grep -q panic /var/log/sallyport.log; then say "the server panicked"; fi
if command -v systemd-analyze >/dev/null; then
  systemd-analyze verify /etc/systemd/system/sallyport.service
  systemd-analyze security --offline=yes --threshold=15 /etc/systemd/system/sallyport.service >exposure || say "too exposed: $(tail -1 exposure)"
fi
nginx -s stop
echo ALL DONE
`

// checkout is the folder in which the commands of a page are typed: the repository after "make build".
func checkout(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Build(t.Context(), filepath.Join(folder, "bin")); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"docs", "packaging"} {
		if err := os.CopyFS(filepath.Join(folder, part), os.DirFS(filepath.Join("../..", part))); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestOperationsPage runs every command of docs/operations.md, in order, and looks at the result.
func TestOperationsPage(t *testing.T) {
	for _, program := range []string{"nginx", "openssl", "curl", "ip", "unshare", "setpriv", "useradd"} {
		need.Program(t, program)
	}
	if os.Getuid() != 0 {
		need.Missing(t, "root")
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	script.WriteString(before)
	blocks := shellBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 12 {
		t.Fatalf("only %d blocks of commands", len(blocks))
	}
	for i, b := range blocks {
		fmt.Fprintf(&script, "echo '=== block %d'\n%s", i+1, b[1])
	}
	script.WriteString(after)

	folder := checkout(t)
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script.String())
	cmd.Dir = folder
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TEST=" + folder, "HOME=/root", "LC_ALL=C"}
	// The process ids of a namespace end with its first process: no server of the page outlives the test.
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS}
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

var bucketMatcher = regexp.MustCompile("\\b(?:le|quantile)(=~?)\"([^\"]*)\"")

// Prometheus 2 names the bucket of one second "1", Prometheus 3 "1.0": an alert that matches only one of them never fires.
func TestOperationsPageAlerts(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rules, found := strings.Cut(string(page), "```yaml\n")
	rules, _, _ = strings.Cut(rules, "```")
	matchers := bucketMatcher.FindAllStringSubmatch(rules, -1)
	if !found || len(matchers) == 0 {
		t.Fatal("the page has no alert on a bucket")
	}
	for _, m := range matchers {
		if m[1] != "=~" {
			t.Errorf("%s matches one spelling alone", m[0])
			continue
		}
		bucket := regexp.MustCompile("^(?:" + m[2] + ")$")
		for spelling, want := range map[string]bool{"1": true, "1.0": true, "10": false, "100": false, "1.5": false, "0.1": false, "+Inf": false} {
			if bucket.MatchString(spelling) != want {
				t.Errorf("%s: %s matches: %v", m[0], spelling, !want)
			}
		}
	}
}
