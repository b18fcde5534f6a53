// What the theme does not tell a screen reader: what its sidebar is, and which pages an arrow opens, which corner of a table is empty.
document.addEventListener("DOMContentLoaded", () => {
  const sidebar = document.querySelector(".bd-sidebar-primary");
  sidebar?.setAttribute("role", "region");
  sidebar?.setAttribute("aria-label", "The site");
  for (const head of document.querySelectorAll("th")) {
    if (!head.textContent.trim()) head.replaceWith(document.createElement("td"));
  }
  for (const arrow of document.querySelectorAll(".toctree-toggle, .bd-sidebar-primary summary")) {
    const page = arrow.closest("li")?.querySelector("a")?.textContent.trim();
    arrow.closest("summary")?.setAttribute("aria-label", `Pages of ${page}`);
  }
});
