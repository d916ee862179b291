// Puts the chosen theme on the page before it is painted, hence a small script in the head.
// It is "system" until a person chooses otherwise.

(() => {
  const KEY = "look"; // "theme" is what the admin keeps its own choice under
  const root = document.documentElement;

  const read = () => {
    try {
      return localStorage.getItem(KEY) ?? "system";
    } catch {
      return "system"; // storage is forbidden
    }
  };

  const apply = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
      const source = theme === "system" ? meta : document.querySelector(`meta[media*="${theme}"]`);
      meta.content = source.dataset.colour;
    }
  };

  apply(read());
  document.addEventListener("change", ({ target }) => {
    if (target.id !== "theme") return;
    try {
      localStorage.setItem(KEY, target.value);
    } catch {
      // Then it holds for this page only.
    }
    apply(target.value);
  });
  document.addEventListener("DOMContentLoaded", () => {
    const select = document.getElementById("theme");
    if (select) select.value = read();
  });
})();
