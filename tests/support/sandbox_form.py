"""The sandbox's form as a browser without scripts would send it: read from the page, changed, posted back."""

from html.parser import HTMLParser

from werkzeug.datastructures import MultiDict

OWN = {"Sec-Fetch-Site": "same-origin"}
HTMX = OWN | {"HX-Request": "true"}


class _Fields(HTMLParser):
    def __init__(self):
        super().__init__()
        self.fields = MultiDict()
        self.area = self.select = None
        self.option = ""
        self.buttons = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name, value = given.get("name"), given.get("value") or ""
        if tag == "input" and name:
            kind = given.get("type", "text")
            if kind in ("radio", "checkbox"):
                if "checked" in given:
                    self.fields.add(name, value or "on")
            elif kind != "file":
                self.fields.add(name, value)
        elif tag == "button" and "disabled" not in given and given.get("type") != "button":
            self.buttons.append(value)
        elif tag == "textarea":
            self.area, self.fields[name] = name, ""
        elif tag == "select":
            self.select, self.fields[name] = name, None
        elif tag == "option" and self.select:
            self.option = given.get("value")
            if self.fields[self.select] is None or "selected" in given:
                self.fields[self.select] = self.option if self.option is not None else ""
                self.option = "" if self.option is None else None
            else:
                self.option = None

    def handle_data(self, data):
        if self.area:
            self.fields[self.area] += data
        elif self.select and self.option == "" and self.fields[self.select] == "":
            self.fields[self.select] = data.strip()

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.area = None
        elif tag == "select":
            self.select = None


class Sandbox:
    """One open page. `text` is what it shows."""

    def __init__(self, client, path="/"):
        self.client = client
        self.response = client.get(path)
        self.text = self.response.text

    @property
    def fields(self):
        return self._read().fields

    @property
    def buttons(self):
        return self._read().buttons

    def button(self, start):
        return next(one for one in self.buttons if one.startswith(start))

    def press(self, do, headers=OWN, **changes):
        fields = self.fields
        for name, value in changes.items():
            fields[name] = value
        fields["do"] = do
        self.response = self.client.post(
            "/sandbox", data=fields, headers=headers, content_type="multipart/form-data"
        )
        self.text = self.response.text
        return self

    def signed(self, patient):
        """With the patient's own suggested order signed."""
        return self.press("patient", patient=patient).press("suggested").press("evaluate")

    def saved(self):
        return self.client.post("/sandbox/case", data=self.fields, headers=OWN)

    def _read(self):
        parser = _Fields()
        parser.feed(self.text)
        return parser
