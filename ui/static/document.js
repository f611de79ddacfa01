// For every page but the chat, before anything is drawn: light or dark as chosen before; then the switches in the bar.
// The chat keeps the same choices in the same places (precedent-theme, precedent-language).

function setTheme(dark) {
  document.documentElement.classList.toggle("dark", dark);
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
}

const keptTheme = localStorage.getItem("precedent-theme");
setTheme(keptTheme ? keptTheme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches);

document.addEventListener("click", (event) => {
  const theme = event.target.closest?.('[data-local="theme"]');
  if (theme) {
    const dark = !document.documentElement.classList.contains("dark");
    setTheme(dark);
    localStorage.setItem("precedent-theme", dark ? "dark" : "light");
  }
  const language = event.target.closest?.("a[data-language]");
  if (language && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    document.cookie = `precedent-language=${language.dataset.language}; path=/; max-age=31536000; samesite=lax`;
    const address = new URL(location.href);
    address.searchParams.delete("lang");
    if (address.href === location.href) location.reload();
    else location.replace(address);
  }
});
