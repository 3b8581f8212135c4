package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"nacre/client"
)

// leadCommands work on the leads of a campaign, over the API of a running server.
type leadCommands struct {
	Add    leadAdd    `cmd:"" help:"Add a lead to a campaign; prints its id."`
	Update leadUpdate `cmd:"" help:"Change a lead; the campaign acts on it at once."`
	Get    leadGet    `cmd:"" help:"Show a lead, and whether it may be called now."`
	Find   leadFind   `cmd:"" help:"Find leads in all campaigns by phone number or external id, or what these begin with."`
	Import leadImport `cmd:"" help:"Add the leads of a CSV or XLSX file; exit 3 where rows were refused."`
	Export leadExport `cmd:"" help:"Write the leads of a campaign as CSV."`
}

// leadFields are what a lead is made of.
type leadFields struct {
	ExternalID *string           `help:"Your own id of the lead." name:"external-id"`
	TimeZone   *string           `help:"Windows or IANA zone of the lead, Europe/Rome; the campaign's without it." name:"time-zone"`
	Data       map[string]string `help:"Variables, name=value; repeat it, or separate them by semicolons." placeholder:"NAME=VALUE"`
}

func (f leadFields) data() map[string]any {
	if f.Data == nil {
		return nil
	}
	data := map[string]any{}
	for name, value := range f.Data {
		data[name] = value
	}
	return data
}

type leadAdd struct {
	remote
	Campaign string `arg:"" help:"Campaign by id or name."`
	Phone    string `arg:"" help:"Phone number, +14155550101."`
	leadFields
}

func (a *leadAdd) Run(ctx context.Context, s streams) error {
	return a.with(func(c *client.Client) error {
		pearlID, err := a.pearl(ctx, c, a.Campaign)
		if err != nil {
			return err
		}
		lead := client.NewLead{PhoneNumber: a.Phone, CallData: a.data()}
		if a.ExternalID != nil {
			lead.ExternalID = *a.ExternalID
		}
		if a.TimeZone != nil {
			lead.TimeZoneID = *a.TimeZone
		}
		leadID, err := c.AddLead(ctx, pearlID, lead)
		if err != nil {
			return err
		}
		return a.show(s, map[string]string{"leadId": leadID}, func(w io.Writer) { fmt.Fprintln(w, leadID) })
	})
}

// namedLead is a lead as people name it.
type namedLead struct {
	Campaign string `arg:"" help:"Campaign by id or name."`
	Lead     string `arg:"" help:"Lead by id, phone number with +, or external id."`
	By       string `help:"How LEAD is read: id, phone or external; by its look without it." enum:",id,phone,external" default:""`
}

// read finds the lead that is named, and its campaign's id.
func (n namedLead) read(ctx context.Context, c *client.Client, r remote) (pearlID string, lead *client.Lead, err error) {
	if pearlID, err = r.pearl(ctx, c, n.Campaign); err != nil {
		return "", nil, err
	}
	by := n.By
	switch {
	case by != "":
	case anID.MatchString(n.Lead):
		by = "id"
	case strings.HasPrefix(n.Lead, "+"):
		by = "phone"
	default:
		by = "external"
	}
	switch by {
	case "id":
		lead, err = c.GetLead(ctx, pearlID, n.Lead)
	case "phone":
		lead, err = c.GetLeadByPhoneNumber(ctx, pearlID, n.Lead)
	default:
		lead, err = c.GetLeadByExternalID(ctx, pearlID, n.Lead)
	}
	return pearlID, lead, err
}

type leadUpdate struct {
	remote
	namedLead
	Phone  *string `help:"New phone number."`
	Status string  `help:"New status, by name or number: ${settable_statuses}. Completed stops the calling, Success says that it converted."`
	leadFields
}

// Validate is called by the parser.
func (u *leadUpdate) Validate() error {
	if u.Status != "" {
		if _, err := leadStatus(u.Status, client.SettableStatuses()); err != nil {
			return fmt.Errorf("--status: %w", err)
		}
	}
	if u.Phone == nil && u.Status == "" && u.ExternalID == nil && u.TimeZone == nil && u.Data == nil {
		return fmt.Errorf("nothing to change: give --status, --phone, --external-id, --time-zone or --data")
	}
	return nil
}

// leadStatus reads one of some statuses by its name, in any case, or its number.
func leadStatus(text string, among []client.LeadStatus) (client.LeadStatus, error) {
	number, err := strconv.Atoi(text)
	fits := func(status client.LeadStatus) bool {
		// The contract spells NotSuccessfull; people do not.
		return err == nil && int(status) == number || strings.EqualFold(text, statusNames[int(status)]) || strings.EqualFold(text, status.String())
	}
	if n := slices.IndexFunc(among, fits); n >= 0 {
		return among[n], nil
	}
	if slices.ContainsFunc(client.LeadStatuses(), fits) {
		return 0, fmt.Errorf("%q is a status that calls bring about; to set there are %s", text, listed(among))
	}
	return 0, fmt.Errorf("%q is no status of a lead; there are %s", text, listed(among))
}

// leadStatuses reads the statuses of a filter.
func leadStatuses(texts []string) ([]client.LeadStatus, error) {
	var statuses []client.LeadStatus
	for _, text := range texts {
		status, err := leadStatus(text, client.LeadStatuses())
		if err != nil {
			return nil, fmt.Errorf("--status: %w", err)
		}
		statuses = append(statuses, status)
	}
	return statuses, nil
}

// listed are statuses as help and errors have them.
func listed(statuses []client.LeadStatus) string {
	names := make([]string, len(statuses))
	for n, status := range statuses {
		name := statusNames[int(status)]
		if name == "" {
			name = status.String()
		}
		names[n] = fmt.Sprintf("%s (%d)", name, int(status))
	}
	return strings.Join(names, ", ")
}

func (u *leadUpdate) Run(ctx context.Context, s streams) error {
	return u.with(func(c *client.Client) error {
		pearlID, before, err := u.read(ctx, c, u.remote)
		if err != nil {
			return err
		}
		// A patch, so that variables that are not named stay as they are, whoever changes them meanwhile.
		change := client.LeadPatch{PhoneNumber: u.Phone, ExternalID: u.ExternalID, TimeZoneID: u.TimeZone, CallData: u.data()}
		if u.Status != "" {
			status, err := leadStatus(u.Status, client.SettableStatuses())
			if err != nil {
				return err
			}
			change.Status = &status
		}
		after, err := c.PatchLead(ctx, pearlID, before.ID, change)
		if err != nil {
			return err
		}
		return u.show(s, after, func(w io.Writer) { writeLead(w, after) })
	})
}

type leadGet struct {
	remote
	namedLead
}

func (g *leadGet) Run(ctx context.Context, s streams) error {
	return g.with(func(c *client.Client) error {
		pearlID, lead, err := g.read(ctx, c, g.remote)
		if err != nil {
			return err
		}
		next, err := c.LeadNext(ctx, pearlID, lead.ID)
		if err != nil {
			return err
		}
		whole := struct {
			*client.Lead
			Next client.NextCall `json:"next"`
		}{lead, next}
		return g.show(s, whole, func(w io.Writer) {
			writeLead(w, lead)
			when := next.Detail
			if next.DueAt != nil {
				when += " (" + next.DueAt.Local().Format(time.DateTime) + ")"
			}
			aligned(w, [][]string{{"next call", when}, {"attempts", strconv.Itoa(next.Attempts)}})
		})
	})
}

type leadFind struct {
	remote
	Text  string `arg:"" help:"Phone number in any spelling, external id, or what one begins with."`
	Limit int    `help:"Leads at most, up to 100." default:"20"`
}

// Validate is called by the parser.
func (f *leadFind) Validate() error {
	if f.Limit < 1 || f.Limit > 100 {
		return fmt.Errorf("--limit must be 1 to 100")
	}
	return nil
}

func (f *leadFind) Run(ctx context.Context, s streams) error {
	return f.with(func(c *client.Client) error {
		page, err := c.FindLeads(ctx, client.LeadsSought{Text: f.Text, Limit: f.Limit})
		if err != nil {
			return err
		}
		return f.show(s, page, func(w io.Writer) {
			if page.Count == 0 {
				fmt.Fprintln(w, "no lead matches")
				return
			}
			rows := [][]string{{"ID", "PHONE", "EXTERNAL ID", "STATUS", "CAMPAIGN"}}
			for _, lead := range page.Results {
				rows = append(rows, []string{lead.ID, lead.PhoneNumber, known(lead.ExternalID), lead.Status.String(), lead.PearlName})
			}
			aligned(w, rows)
			if more := page.Count - len(page.Results); more > 0 {
				fmt.Fprintf(w, "and %d more\n", more)
			}
		})
	})
}

func writeLead(w io.Writer, lead *client.Lead) {
	zone := lead.TimeZone
	if lead.TimeZoneID != nil {
		zone = *lead.TimeZoneID + " (" + zone + ")"
	}
	rows := [][]string{
		{"id", lead.ID},
		{"phone", lead.PhoneNumber},
		{"external id", known(lead.ExternalID)},
		{"status", fmt.Sprintf("%s (%d)", lead.Status, int(lead.Status))},
		{"time zone", zone},
		{"created", lead.Created.Local().Format(time.DateTime)},
		{"calls", strings.Join(lead.CallIDs, " ")},
	}
	for _, data := range []struct {
		of     string
		values map[string]any
	}{{"data", lead.CallData}, {"collected", lead.CollectedData}} {
		for _, name := range slices.Sorted(maps.Keys(data.values)) {
			rows = append(rows, []string{data.of + " " + name, cell(data.values[name])})
		}
	}
	aligned(w, rows)
}

// cell is a value as text: JSON where it is not text itself.
func cell(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

type leadExport struct {
	remote
	Campaign string   `arg:"" help:"Campaign by id or name."`
	Out      string   `help:"File to write; it appears when it is whole. Standard output without it." type:"path"`
	Status   []string `help:"Only leads of these statuses, by name or number: ${statuses}."`
	Search   string   `help:"Only leads with this text in number, external id or variables."`
	Raw      bool     `help:"Texts as they are. Without it an apostrophe keeps spreadsheets from taking texts that begin with = + - or @ for formulas."`
}

// Validate is called by the parser.
func (e *leadExport) Validate() error {
	_, err := leadStatuses(e.Status)
	return err
}

func (e *leadExport) Run(ctx context.Context, s streams) error {
	statuses, err := leadStatuses(e.Status)
	if err != nil {
		return err
	}
	wanted := client.LeadSelection{LeadFilter: client.LeadFilter{Text: e.Search, Statuses: statuses}, All: len(statuses) == 0 && e.Search == ""}
	return e.with(func(c *client.Client) error {
		pearlID, err := e.pearl(ctx, c, e.Campaign)
		if err != nil {
			return err
		}
		spool, err := os.CreateTemp("", "nacre-export-")
		if err != nil {
			return fmt.Errorf("keep what was read: %w", err)
		}
		defer func() {
			_ = spool.Close()
			_ = os.Remove(spool.Name())
		}()
		names, err := spoolLeads(ctx, c, pearlID, wanted, spool, newProgress(s, "read"))
		if err != nil {
			return err
		}
		write := func(w io.Writer) error {
			if _, err := spool.Seek(0, io.SeekStart); err != nil {
				return err
			}
			if e.JSON {
				_, err := io.Copy(w, spool)
				return err
			}
			return leadsAsCSV(w, spool, names, e.Raw)
		}
		if e.Out == "" {
			return write(s.Out)
		}
		return wholeFile(e.Out, write)
	})
}

// spoolLeads writes every lead as a line of JSON, since which variables there are is known only when all were read, and
// returns their names in order.
func spoolLeads(ctx context.Context, c *client.Client, pearlID string, wanted client.LeadSelection, spool io.Writer, p *progress) ([]string, error) {
	buffered := bufio.NewWriter(spool)
	names := map[string]bool{}
	count := 0
	err := c.ExportLeads(ctx, pearlID, wanted, func(leads []client.ExportedLead, total int) error {
		for _, lead := range leads {
			for name := range lead.CallData {
				names[name] = true
			}
			if err := printJSON(buffered, lead); err != nil {
				return fmt.Errorf("keep what was read: %w", err)
			}
		}
		count += len(leads)
		p.at(count, total)
		return nil
	})
	p.end()
	if err != nil {
		return nil, fmt.Errorf("after %d leads: %w", count, err)
	}
	return slices.Sorted(maps.Keys(names)), buffered.Flush()
}

// leadsAsCSV writes spooled leads with a column for every variable; an import of the raw file makes the same leads.
func leadsAsCSV(w io.Writer, spool io.Reader, variables []string, raw bool) error {
	out := newSheet(w, raw)
	if err := out.row(append([]string{"id", "phoneNumber", "externalId", "timeZoneId", "status", "created"}, variables...)); err != nil {
		return err
	}
	decoder := json.NewDecoder(spool)
	decoder.UseNumber()
	for {
		var lead client.ExportedLead
		if err := decoder.Decode(&lead); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		row := []string{lead.ID, lead.PhoneNumber, "", "", lead.Status.String(), lead.Created.UTC().Format(time.RFC3339Nano)}
		for column, text := range map[int]*string{2: lead.ExternalID, 3: lead.TimeZoneID} {
			if text != nil {
				row[column] = *text
			}
		}
		for _, name := range variables {
			value, given := lead.CallData[name]
			if !given || value == nil {
				row = append(row, "")
				continue
			}
			row = append(row, cell(value))
		}
		if err := out.row(row); err != nil {
			return err
		}
	}
	return out.end()
}

// wholeFile writes a file beside its place and puts it there when it is whole, so that nobody takes half of one for all.
func wholeFile(path string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	buffered := bufio.NewWriter(file)
	err = write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
