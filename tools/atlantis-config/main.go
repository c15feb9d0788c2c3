// Reads Atlantis' configuration with Atlantis' own code, and renders its comments, so that tests ask the program itself
// whether it understands what was generated for it.
//
//	atlantis-config merge -repos FILE -directory DIR -id ID -branch BRANCH [-modified FILE]…
//	atlantis-config comment -templates DIR -command plan|apply [-failed] <OUTPUT
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 && args[0] == "merge" {
		return merge(args[1:], os.Stdout)
	}
	if len(args) > 0 && args[0] == "comment" {
		return comment(args[1:], os.Stdin, os.Stdout)
	}
	return fmt.Errorf("usage: atlantis-config merge|comment …")
}
