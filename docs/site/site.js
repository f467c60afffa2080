// What scrolls can be reached by the keyboard. The theme lays tables into their frames when a page is there.
document$.subscribe(() =>
  setTimeout(() => {
    for (const part of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre")) part.tabIndex = 0;
  }),
);
