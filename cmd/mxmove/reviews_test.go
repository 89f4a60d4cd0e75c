package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const jobToken = "job-token-7f3a"

// comment is one on GitHub, and a note on GitLab.
type comment struct {
	ID   int    `json:"id"`
	Body string `json:"body"`
	User struct {
		Login string `json:"login"`
	} `json:"user"`
	Author struct {
		ID int `json:"id"`
	} `json:"author"`
}

// reviews is the part of both vendors' REST interfaces that comments need:
// lists in pages, making one, changing one. Others have commented before, one
// of them with our mark.
type reviews struct {
	*httptest.Server
	mu       sync.Mutex
	comments []comment
	others   int
	readOnly bool
}

func newReviews(t *testing.T) *reviews {
	r := &reviews{}
	for i := range 105 {
		c := comment{ID: i + 1, Body: fmt.Sprintf("remark %d", i)}
		if i == 3 {
			c.Body = "<!-- mxmove plan: mail --> mine"
		}
		c.User.Login, c.Author.ID = "li.si", 4
		r.comments = append(r.comments, c)
		r.others++
	}
	mux := http.NewServeMux()
	for _, at := range []struct{ list, one, edit string }{
		{"/gh/repos/acme/mail/issues/7/comments", "/gh/repos/acme/mail/issues/comments/{id}", http.MethodPatch},
		{"/gl/projects/12/merge_requests/7/notes", "/gl/projects/12/merge_requests/7/notes/{id}", http.MethodPut},
	} {
		mux.HandleFunc("GET "+at.list, r.list)
		mux.HandleFunc("POST "+at.list, r.make)
		mux.HandleFunc(at.edit+" "+at.one, r.change)
	}
	mux.HandleFunc("GET /gl/user", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"id": 9}`) })
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if q.Header.Get("Authorization") != "Bearer "+jobToken && q.Header.Get("PRIVATE-TOKEN") != jobToken {
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, q)
	}))
	t.Cleanup(r.Close)
	return r
}

// env is what the vendor's runner tells a job.
func (r *reviews) env(pipeline string) []string {
	if pipeline == "github.yml" {
		return []string{"GITHUB_API_URL=" + r.URL + "/gh", "GITHUB_REPOSITORY=acme/mail", "PULL_REQUEST=7", "GITHUB_TOKEN=" + jobToken}
	}
	return []string{"CI_API_V4_URL=" + r.URL + "/gl", "CI_PROJECT_ID=12", "CI_MERGE_REQUEST_IID=7", "MXMOVE_COMMENT_TOKEN=" + jobToken}
}

// own are the bodies of our comments; what others wrote must stay.
func (r *reviews) own() (bodies []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.others = 0
	for i, c := range r.comments {
		switch {
		case c.Author.ID == 9:
			bodies = append(bodies, c.Body)
		case i == 3 || c.Body == fmt.Sprintf("remark %d", i):
			r.others++
		}
	}
	return bodies
}

func (r *reviews) list(w http.ResponseWriter, q *http.Request) {
	page, _ := strconv.Atoi(q.FormValue("page"))
	size, _ := strconv.Atoi(q.FormValue("per_page"))
	from := min((page-1)*size, len(r.comments))
	json.NewEncoder(w).Encode(append([]comment{}, r.comments[from:min(from+size, len(r.comments))]...))
}

func body(w http.ResponseWriter, q *http.Request) (string, bool) {
	var in struct {
		Body string `json:"body"`
	}
	if err := json.NewDecoder(q.Body).Decode(&in); err != nil || !strings.HasPrefix(in.Body, "<!--") {
		http.Error(w, "no body", http.StatusUnprocessableEntity)
		return "", false
	}
	return in.Body, true
}

func (r *reviews) make(w http.ResponseWriter, q *http.Request) {
	if r.readOnly {
		http.Error(w, "Resource not accessible by integration", http.StatusForbidden)
		return
	}
	text, ok := body(w, q)
	if !ok {
		return
	}
	c := comment{ID: len(r.comments) + 1, Body: text}
	c.User.Login, c.Author.ID = "github-actions[bot]", 9
	r.comments = append(r.comments, c)
	w.WriteHeader(http.StatusCreated)
}

func (r *reviews) change(w http.ResponseWriter, q *http.Request) {
	id, _ := strconv.Atoi(q.PathValue("id"))
	text, ok := body(w, q)
	if !ok {
		return
	}
	if id < 1 || id > len(r.comments) || r.comments[id-1].Author.ID != 9 {
		http.Error(w, "not yours", http.StatusNotFound)
		return
	}
	r.comments[id-1].Body = text
}
