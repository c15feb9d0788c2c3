package main

import (
	"encoding/json"
	"flag"
	"io"
	"strings"

	"github.com/runatlantis/atlantis/server/core/config"
	"github.com/runatlantis/atlantis/server/core/config/valid"
	"github.com/runatlantis/atlantis/server/events"
	"github.com/runatlantis/atlantis/server/logging"
)

// merged is what Atlantis goes by, once both sides of the configuration are read.
type merged struct {
	// Repo is atlantis.yaml of the pull request.
	Repo valid.RepoCfg
	// Server has the entries of repos.yaml that stand for the repository, Atlantis' own defaults first.
	Server []valid.Repo
	// Projects have everything that is decided for them.
	Projects []valid.MergedProjectCfg
	// Planned are the names of the projects that the modified files ask for.
	Planned []string
}

type files []string

func (f *files) String() string { return strings.Join(*f, ",") }

func (f *files) Set(file string) error {
	*f = append(*f, file)
	return nil
}

func merge(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("merge", flag.ContinueOnError)
	repos := flags.String("repos", "", "the server's repos.yaml")
	directory := flags.String("directory", "", "clone with an atlantis.yaml")
	id := flags.String("id", "", "repository, as host/owner/name")
	branch := flags.String("branch", "", "branch that the pull request goes to")
	var modified files
	flags.Var(&modified, "modified", "file that the pull request changes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	log, err := logging.NewStructuredLoggerFromLevel(logging.Error)
	if err != nil {
		return err
	}
	parser := config.ParserValidator{}
	global, err := parser.ParseGlobalCfg(*repos, valid.NewGlobalCfgFromArgs(valid.GlobalCfgArgs{}))
	if err != nil {
		return err
	}
	repo, err := parser.ParseRepoCfg(*directory, global, *id, *branch)
	if err != nil {
		return err
	}
	result := merged{Repo: repo, Planned: []string{}}
	for _, entry := range global.Repos {
		if entry.IDMatches(*id) && entry.BranchMatches(*branch) {
			result.Server = append(result.Server, entry)
		}
	}
	for _, project := range repo.Projects {
		result.Projects = append(result.Projects, global.MergeProjectCfg(log, *id, project, repo))
	}
	finder := events.DefaultProjectFinder{}
	planned, err := finder.DetermineProjectsViaConfig(log, modified, repo, *directory, nil)
	if err != nil {
		return err
	}
	for _, project := range planned {
		result.Planned = append(result.Planned, project.GetName())
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(result)
}
