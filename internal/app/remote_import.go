package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"nacre/client"
)

type leadImport struct {
	remote
	Campaign string            `arg:"" help:"Campaign by id or name."`
	File     string            `arg:"" help:"CSV or XLSX file; - is standard input."`
	Map      map[string]string `help:"What a column is: HEADING=phoneNumber, externalId, timeZoneId, the id of a variable, or nothing to leave it out. A column without a heading goes by its number. What is not named is guessed." placeholder:"COLUMN=FIELD"`
	DryRun   bool              `help:"Add nothing: only say which rows would be refused."`
	Preview  bool              `help:"Add nothing: show what the columns are taken for."`
	Refused  string            `help:"File to write the refused rows to, as CSV with line and reasons. Standard error without it." type:"path"`
}

func (i *leadImport) Run(ctx context.Context, s streams) error {
	read := func() ([]byte, error) { return os.ReadFile(i.File) }
	if i.File == "-" {
		read = func() ([]byte, error) { return io.ReadAll(s.In) }
	}
	file, err := read()
	if err != nil {
		return exitError{exitUsage, fmt.Errorf("read the leads: %w", err)}
	}
	return i.with(func(c *client.Client) error {
		pearlID, err := i.pearl(ctx, c, i.Campaign)
		if err != nil {
			return err
		}
		preview, err := c.PreviewImport(ctx, pearlID, file)
		if err != nil {
			return err
		}
		mapping, err := i.mapping(preview)
		if err != nil {
			return exitError{exitUsage, fmt.Errorf("--map: %w", err)}
		}
		if i.Preview {
			preview.Mapping = mapping
			return i.show(s, preview, func(w io.Writer) { writePreview(w, preview) })
		}
		return i.carryOut(ctx, s, c, pearlID, file, mapping)
	})
}

// mapping is the guess with what --map says.
func (i *leadImport) mapping(preview client.ImportPreview) ([]string, error) {
	mapping := slices.Clone(preview.Mapping)
	for named, as := range i.Map {
		column := slices.Index(preview.Columns, named)
		if number, err := strconv.Atoi(named); column < 0 && err == nil && number >= 1 && number <= len(mapping) {
			column = number - 1
		}
		if column < 0 {
			return nil, fmt.Errorf("the file has no column %q; it has %s", named, strings.Join(preview.Columns, ", "))
		}
		for other := range mapping {
			if as != "" && mapping[other] == as { // the guess gives way
				mapping[other] = ""
			}
		}
		mapping[column] = as
	}
	return mapping, nil
}

func writePreview(w io.Writer, preview client.ImportPreview) {
	fmt.Fprintln(w, preview.Rows, "rows")
	rows := [][]string{{"COLUMN", "IS", "FOR EXAMPLE"}}
	for n, as := range preview.Mapping {
		name, example := preview.Columns[n], ""
		if name == "" {
			name = strconv.Itoa(n + 1)
		}
		if as == "" {
			as = "–"
		}
		for _, row := range preview.Sample {
			if n < len(row) && row[n] != "" {
				example = row[n]
				break
			}
		}
		rows = append(rows, []string{name, as, example})
	}
	aligned(w, rows)
}

// carryOut imports and says what came of it; where rows were refused it returns exit 3.
func (i *leadImport) carryOut(ctx context.Context, s streams, c *client.Client, pearlID string, file []byte, mapping []string) error {
	var sum struct {
		Rows    int  `json:"rows"`
		Added   int  `json:"added"`
		Before  int  `json:"before"` // added by an earlier import of the same file
		Refused int  `json:"refused"`
		DryRun  bool `json:"dryRun"`
	}
	sum.DryRun = i.DryRun
	again := 0 // rows of parts that were added before
	var refused []client.Refusal
	bar := newProgress(s, "imported")
	err := c.ImportLeads(ctx, pearlID, file, client.ImportOptions{DryRun: i.DryRun, Mapping: mapping}, func(part client.ImportPart, total int) {
		sum.Rows, sum.Refused = sum.Rows+part.Rows, sum.Refused+len(part.Refused)
		if part.Again {
			sum.Before += part.Added
			again += part.Rows
		} else {
			sum.Added += part.Added
		}
		refused = append(refused, part.Refused...)
		bar.at(sum.Rows, total)
	})
	bar.end()
	if writing := i.writeRefused(s, refused); writing != nil {
		err = errors.Join(err, writing)
	}
	if err != nil {
		return fmt.Errorf("%d of the leads are in the campaign, the same command goes on from there: %w", sum.Added+sum.Before, err)
	}
	if err := i.show(s, sum, func(w io.Writer) {
		verb := "added"
		if i.DryRun {
			verb = "would be added"
		}
		switch {
		case again > 0 && again == sum.Rows:
			fmt.Fprintf(w, "this file was added before, with the same columns: nothing was added now; %d were added then, %d refused\n", sum.Before, sum.Refused)
		case again > 0:
			fmt.Fprintf(w, "%d %s, %d were added before, %d refused\n", sum.Added, verb, sum.Before, sum.Refused)
		default:
			fmt.Fprintf(w, "%d %s, %d refused\n", sum.Added, verb, sum.Refused)
		}
	}); err != nil {
		return err
	}
	if sum.Refused > 0 {
		return exitError{exitPartly, nil}
	}
	return nil
}

// shownRefusals are written to standard error; a file takes all.
const shownRefusals = 20

func (i *leadImport) writeRefused(s streams, refused []client.Refusal) error {
	if len(refused) == 0 {
		return nil
	}
	if i.Refused != "" {
		return wholeFile(i.Refused, func(w io.Writer) error {
			out := newSheet(w, false)
			_ = out.row([]string{"line", "reasons"})
			for _, row := range refused {
				_ = out.row([]string{strconv.Itoa(row.Line), strings.Join(row.Reasons, "; ")})
			}
			return out.end()
		})
	}
	for n, row := range refused {
		if n == shownRefusals {
			fmt.Fprintf(s.Err, "… and %d more; --refused FILE has all\n", len(refused)-n)
			break
		}
		fmt.Fprintf(s.Err, "line %d: %s\n", row.Line, strings.Join(row.Reasons, "; "))
	}
	return nil
}
