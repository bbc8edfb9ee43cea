// Before anything is drawn: the theme that was chosen last, so that nothing flashes.
(() => {
  const theme = localStorage.getItem('parcae-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
})();
