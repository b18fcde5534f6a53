// What the theme does not tell a screen reader: what its sidebar is, and which pages an arrow opens.
document.addEventListener("DOMContentLoaded", () => {
  const sidebar = document.querySelector(".bd-sidebar-primary");
  sidebar?.setAttribute("role", "region");
  sidebar?.setAttribute("aria-label", "The site");
  for (const arrow of document.querySelectorAll(".toctree-toggle, .bd-sidebar-primary summary")) {
    const page = arrow.closest("li")?.querySelector("a")?.textContent.trim();
    arrow.closest("summary")?.setAttribute("aria-label", `Pages of ${page}`);
  }
});
