package main

import (
	"flag"
	"fmt"
	"io"

	"github.com/runatlantis/atlantis/server/events"
	"github.com/runatlantis/atlantis/server/events/command"
	"github.com/runatlantis/atlantis/server/events/models"
	"github.com/runatlantis/atlantis/server/logging"
)

// comment prints the comment that Atlantis makes of what a step has printed.
func comment(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("comment", flag.ContinueOnError)
	templates := flags.String("templates", "", "folder of template overrides")
	name := flags.String("command", "plan", "plan or apply")
	failed := flags.Bool("failed", false, "the step ended with 4")
	if err := flags.Parse(args); err != nil {
		return err
	}
	printed, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	log, err := logging.NewStructuredLoggerFromLevel(logging.Error)
	if err != nil {
		return err
	}
	result := command.ProjectResult{
		RepoRelDir:  "cdktf.out/stacks/development-network",
		Workspace:   "default",
		ProjectName: "development-network",
	}
	called := command.Plan
	if *name == command.Apply.String() {
		called = command.Apply
	}
	switch {
	case *failed:
		// As the runner of run steps puts it.
		step := fmt.Sprintf("skyline atlantis %s --trust /etc/skyline/trust.yaml 2>&1", *name)
		result.Error = fmt.Errorf("exit status 4: running %q in %q: \n%s", step, "/clone", printed)
	case called == command.Apply:
		result.ApplySuccess = string(printed)
	default:
		result.PlanSuccess = &models.PlanSuccess{
			TerraformOutput: string(printed),
			LockURL:         "https://atlantis.example.internal/lock?id=1",
			RePlanCmd:       "atlantis plan -p development-network",
			ApplyCmd:        "atlantis apply -p development-network",
		}
	}
	renderer := events.NewMarkdownRenderer(true, true, false, false, false, false, *templates, "atlantis", false)
	ctx := &command.Context{Log: log}
	results := command.Result{ProjectResults: []command.ProjectResult{result}}
	_, err = fmt.Fprintln(out, renderer.Render(ctx, results, &events.CommentCommand{Name: called}))
	return err
}
