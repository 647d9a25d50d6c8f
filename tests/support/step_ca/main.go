// step-ca as a program: Debian packages its library alone.
package main

import (
	"fmt"
	"os"

	_ "github.com/smallstep/certificates/cas/softcas"
	"github.com/smallstep/certificates/commands"
	_ "github.com/smallstep/certificates/kms/softkms"
	"github.com/urfave/cli"
)

func main() {
	app := cli.NewApp()
	app.Name = "step-ca"
	app.Flags = commands.AppCommand.Flags
	app.Action = commands.AppCommand.Action
	if err := app.Run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
