// Runs before anything is drawn: tells the style kit that scripts work here.
document.body.classList.add("js-enabled", "govuk-frontend-supported");
