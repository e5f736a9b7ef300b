"""Copying the address reopens the same run, user and item; wrong addresses are said, not fatal."""

from tests.app.conftest import OpenApp, texts


def test_link_opens_run_user_and_item(open_app: OpenApp) -> None:
    first = open_app("users", run="prism-seed1", user="7")
    items = first.get("button_group")[0].options if first.get("button_group") else []
    assert items
    item = first.session_state["item_picker"]
    app = open_app("users", run="prism-seed1", user="7", item=item)
    assert app.selectbox("run_picker").value == "prism-seed0"
    assert app.segmented_control("seed_picker").value == 1
    assert app.title[0].value == "User 7"
    assert app.session_state["item_picker"] == item


def test_choices_are_written_to_the_address(open_app: OpenApp) -> None:
    app = open_app("users")
    app.selectbox("user_picker").set_value("12").run()
    app.selectbox("run_picker").set_value("sasrec-seed0").run()
    assert app.query_params["run"] in ("sasrec-seed0", ["sasrec-seed0"])
    app.selectbox("run_picker").set_value("prism-seed0").run()
    app.segmented_control("seed_picker").set_value(1).run()
    assert app.query_params["run"] in ("prism-seed1", ["prism-seed1"])
    assert app.query_params["user"] in ("12", ["12"])
    assert app.title[0].value == "User 12"


def test_page_change_keeps_run_and_user(open_app: OpenApp) -> None:
    app = open_app("users", run="sasrec-seed0", user="9")
    app.switch_page("app_pages/overview.py").run()
    assert app.title[0].value == "SASRec"
    app.switch_page("app_pages/users.py").run()
    assert app.title[0].value == "User 9"


def test_unknown_run_and_user_are_named_and_replaced(open_app: OpenApp) -> None:
    app = open_app("users", run="gone", user="nobody")
    said = texts(app)
    assert "gone is not here" in said
    assert "no user nobody" in said
    assert app.title[0].value == "User 1"


def test_another_user_drops_the_item(open_app: OpenApp) -> None:
    app = open_app("users", run="prism-seed0", user="3")
    options = app.session_state["item_picker"]
    app.query_params["item"] = options
    app.run()
    app.selectbox("user_picker").set_value("4").run()
    assert "item" not in app.query_params
