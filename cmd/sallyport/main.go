// Command sallyport is the server and everything that an operator does with it. One file holds one command.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands are what can be typed. Their order is that of the help.
type commands struct {
	Config string `help:"Configuration file (default: $$SALLYPORT_CONFIG, else /etc/sallyport/sallyport.toml if it is there)." placeholder:"FILE"`
	Data   string `help:"Data folder, in the place of the configuration's." placeholder:"FOLDER"`

	Init       initCommand       `cmd:"" help:"Write a commented configuration file."`
	Serve      serveCommand      `cmd:"" help:"Run the server."`
	Demo       demoCommand       `cmd:"" help:"Show everything with a team, a mail server and a phone of its own; nothing to configure."`
	ShowConfig configCommand     `cmd:"" name:"config" help:"Print the configuration in force, and where each value comes from."`
	Rescue     rescueCommand     `cmd:"" help:"Print a one-use link that lets a technician in again."`
	Technician technicianCommand `cmd:"" help:"List, add, import technicians; reset a second factor; sign out."`
	Policy     policyCommand     `cmd:"" help:"Show or change the numbers of the sign-in."`
	Audit      auditCommand      `cmd:"" help:"Verify the audit log, prove one event, erase a person."`
	Key        keyCommand        `cmd:"" help:"List, rotate and drop the keys that seal what is secret in the database."`
	Backup     backupCommand     `cmd:"" help:"Write a copy of the database."`
	Restore    restoreCommand    `cmd:"" help:"Go on with a database that was put back from a backup."`
	Migrate    migrateCommand    `cmd:"" help:"Show or bring up to date the schema of the database."`
	Copy       copyCommand       `cmd:"" help:"Copy an installation from SQLite to PostgreSQL."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
	Hash       hashCommand       `cmd:"" name:"hash-passwords" hidden:"" help:"Compute password hashes for a server that runs this."`
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main for a test: it answers with the exit code.
func run(args []string, out, errOut io.Writer) int {
	var cmd commands
	code := -1
	parser := kong.Must(&cmd, kong.Name("sallyport"), kong.Description("A sign-in door for the people who administer."),
		kong.Writers(out, errOut), kong.Exit(func(c int) { code = c }))
	parsed, err := parse(parser, args)
	if code >= 0 {
		return code // help was asked for
	}
	if err != nil {
		fmt.Fprintf(errOut, "sallyport: %v\n%s --help says what can be typed.\n", err, reached(err))
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := (&session{ctx: ctx, out: out, errOut: errOut, cmd: &cmd}).run(parsed); err != nil {
		fmt.Fprintln(errOut, "sallyport:", say(err))
		return exitCode(err)
	}
	return 0
}
