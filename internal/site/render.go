package site

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"io/fs"
	"regexp"
	"strings"
)

// parseTemplates reads every page's template; the name is the path below templates without .html.
func parseTemplates() (*template.Template, error) {
	set := template.New("").Funcs(template.FuncMap{"lower": strings.ToLower, "guides": guides})
	err := fs.WalkDir(files, "templates", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := files.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "templates/"), ".html")
		if _, err := set.New(name).Parse(string(text)); err != nil {
			return fmt.Errorf("parse %s: %w", path, err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	return set, nil
}

// render writes one page: its own template inside the frame.
func (s *Site) render(path, title, name string, content any) (*file, error) {
	var body, out bytes.Buffer
	if err := s.templates.ExecuteTemplate(&body, name, content); err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	// The body is what a template of this package wrote: it is escaped already.
	frame := page{Title: title, Path: path, Root: Root, Menu: s.menu, Body: template.HTML(body.String())}
	if err := s.templates.ExecuteTemplate(&out, "frame", frame); err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return newFile("text/html; charset=utf-8", out.Bytes())
}

var (
	heading = regexp.MustCompile(`<h2 id="([^"]+)">(.*?)</h2>`)
	tags    = regexp.MustCompile(`<[^>]*>`)
)

// searchIndex lists what the search can find: guides with their headings, and operations with the names of their members.
func (s *Site) searchIndex(reference []*section) []found {
	var list []found
	for _, guide := range guides() {
		list = append(list, found{guide.Title, guide.Summary, guide.Path(), strings.ToLower(guide.Title + " " + guide.Summary)})
		text := s.pages[guide.Path()]
		if text == nil {
			continue
		}
		for _, match := range heading.FindAllSubmatch(text.text, -1) {
			title := html.UnescapeString(tags.ReplaceAllString(string(match[2]), ""))
			list = append(list, found{title, guide.Title, guide.Path() + "#" + string(match[1]), strings.ToLower(title + " " + guide.Title)})
		}
	}
	for _, section := range reference {
		for _, o := range section.Operations {
			words := []string{o.Name(), o.Summary, section.Tag}
			for _, s := range []*shape{o.Body, o.Answer} {
				if s != nil {
					words = names(words, s.Members)
				}
			}
			list = append(list, found{o.Name(), o.Summary, section.Path + "#" + o.ID, strings.ToLower(strings.Join(words, " "))})
		}
	}
	return list
}

func names(words []string, members []member) []string {
	for _, m := range members {
		words = names(append(words, m.Name), m.Members)
	}
	return words
}
