// Brings the style kit's parts to life: menu on a phone, error summary takes the focus.
import { initAll } from "./vendor/govuk-frontend.min.js";

initAll();
