// Package site decides what people read about the API: the reference at /docs, made from the OpenAPI document, and the
// guides beside it. Pages are written once, when the first is asked for, from templates inside the binary, and ask for nothing
// from any other host, so that they work without a network. It refuses to know how the API answers, who may ask, and
// anything about an account: no page needs a key.
package site

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Root is where the documentation begins; every page and asset lies at it or below.
const Root = "/docs"

//go:embed templates assets samples
var files embed.FS

// Config is what the site is made of.
type Config struct {
	// Document answers the OpenAPI 3.1 document of all versions.
	Document func() ([]byte, error)
	// Now is asked for the offsets that are in force.
	Now func() time.Time
	Log *slog.Logger
	// Missing answers what is no page of the site.
	Missing http.Handler
}

// Site serves the documentation. Immutable but for the page of time zones, which changes with daylight saving.
type Site struct {
	now       func() time.Time
	pages     map[string]*file // by path
	templates *template.Template
	menu      []menuGroup

	zones     sync.Mutex // guards what follows
	zonesAt   time.Time
	zonesPage *file
}

// New reads the document and writes every page.
func New(config Config) (*Site, error) {
	text, err := config.Document()
	if err != nil {
		return nil, fmt.Errorf("make the OpenAPI document: %w", err)
	}
	reference, err := readReference(text)
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	s := &Site{now: config.Now, pages: map[string]*file{}, menu: menuOf(reference)}
	if s.templates, err = parseTemplates(); err != nil {
		return nil, err
	}
	if err := s.write(Root, "Documentation", "overview", reference); err != nil {
		return nil, err
	}
	for _, section := range reference {
		if err := s.write(section.Path, section.Title(), "section", section); err != nil {
			return nil, err
		}
	}
	for _, guide := range guides() {
		if guide.Slug == zonesSlug {
			if s.pages[guide.Path()], err = s.zonesNow(); err != nil {
				return nil, err
			}
			continue
		}
		content, err := guide.content()
		if err != nil {
			return nil, err
		}
		if err := s.write(guide.Path(), guide.Title, "guide/"+guide.Slug, content); err != nil {
			return nil, err
		}
	}
	if err := s.addAssets(reference); err != nil { // the search index is made of the pages
		return nil, err
	}
	return s, nil
}

// Handler serves the site's pages; Config.Missing answers unknown pages and other methods. The site is made when the first page
// is asked for, so that the start of a server does not wait for it; where it cannot be made, which is logged, Missing answers
// everything.
func Handler(config Config) http.Handler {
	site := sync.OnceValue(func() *Site {
		made, err := New(config)
		if err != nil {
			config.Log.Error("cannot make the documentation", "error", err)
		}
		return made
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asksForPage(r) {
			if s := site(); s != nil && s.serve(w, r) {
				return
			}
		}
		config.Missing.ServeHTTP(w, r)
	})
}

// page is what the frame of every page is given.
type page struct {
	Title string
	Path  string
	Root  string
	Menu  []menuGroup
	Body  template.HTML
}

// menuGroup is one heading of the menu.
type menuGroup struct {
	Title string
	Links []link
}

type link struct{ Title, Path string }

// menuOf lists every page: guides, then the reference version by version.
func menuOf(reference []*section) []menuGroup {
	menu := []menuGroup{{Title: "Guides"}}
	for _, guide := range guides() {
		menu[0].Links = append(menu[0].Links, link{guide.Title, guide.Path()})
	}
	at := map[string]int{}
	for _, section := range reference {
		n, known := at[section.Version]
		if !known {
			n = len(menu)
			at[section.Version] = n
			menu = append(menu, menuGroup{Title: section.Group()})
		}
		menu[n].Links = append(menu[n].Links, link{section.Tag, section.Path})
	}
	return menu
}

func (s *Site) write(path, title, name string, content any) error {
	made, err := s.render(path, title, name, content)
	if err != nil {
		return err
	}
	s.pages[path] = made
	return nil
}

// addAssets adds style, script and what the search looks through.
func (s *Site) addAssets(reference []*section) error {
	for name, kind := range map[string]string{"site.css": "text/css; charset=utf-8", "site.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"} {
		text, err := files.ReadFile("assets/" + name)
		if err != nil {
			return fmt.Errorf("read asset: %w", err)
		}
		made, err := newFile(kind, text)
		if err != nil {
			return err
		}
		s.pages[Root+"/assets/"+name] = made
	}
	index, err := json.Marshal(s.searchIndex(reference))
	if err != nil {
		return fmt.Errorf("write search index: %w", err)
	}
	made, err := newFile("application/json; charset=utf-8", index)
	if err != nil {
		return err
	}
	s.pages[Root+"/assets/search.json"] = made
	return nil
}

// found is one thing that the search can find.
type found struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Path   string `json:"path"`
	Words  string `json:"words"` // lower case, that a query is matched against
}
