"""Checks a running vcenter-simulator against VMware's own Python SDK.

The Automation bindings (PyPI vmware-vcenter) read the REST answers; pyVmomi's type information (PyPI pyvmomi) says of every
VI JSON answer which properties its types have, of which type, and which must be there.

Usage: sdk_check.py READY_FILE, the simulator's ready line for scenario.json. Exit 0: all as expected.
"""

import base64
import datetime
import json
import os
import sys

import pyVmomi  # noqa: F401  (loads the types)
import requests
from com.vmware.cis_client import Session
from com.vmware.cis.tagging_client import Category, Tag, TagAssociation
from com.vmware.vapi.std_client import DynamicID
from com.vmware.vcenter import vm_client
from com.vmware.vcenter.vm import guest_client
from com.vmware.vcenter.vm.guest_client import Credentials, Identity, Operations, Processes
from com.vmware.vcenter_client import VM, Cluster, Datacenter, Folder, Host, ResourcePool
from pyVmomi import VmomiSupport
from vmware.vapi.bindings.converter import RestConverter
from vmware.vapi.bindings.error import VapiError
from vmware.vapi.bindings.stub import StubConfiguration
from vmware.vapi.data.value import ListValue, OptionalValue, StructValue
from vmware.vapi.lib.connect import get_requests_connector

# The machine's own CA bundle and proxies have no say about a server on the loopback interface.
for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
    os.environ.pop(variable, None)

USER, PASSWORD, GUEST_PASSWORD = "svc@vsphere.local", "sdk check 1", "sdk check 2"
RELEASE = "8.0.3.0"
done = 0


def expect(what, holds, detail=""):
    global done
    if not holds:
        sys.exit(f"FAILED: {what}: {detail}")
    done += 1
    print(f"ok: {what}")


def refused(what, error_type, status, call, check=lambda body: True):
    """The call must be refused with that status, and the body must be an error of that type with well-formed messages.

    Which exception class the bindings raise says nothing: without status codes in their metadata they take the first one.
    """
    try:
        answer = call()
    except VapiError as error:
        body = error_body(error)
        found = (error.get_status_code(), body.get("error_type"))
        expect(f"{what} is refused: {error_type} {status}", found == (status, error_type) and check(body), f"{found} {body}")
        expect_silently(set(body) <= {"error_type", "messages", "data", "challenge"}, what, body)
        for message in body["messages"]:
            expect_silently(
                isinstance(message["id"], str) and isinstance(message["default_message"], str)
                and isinstance(message["args"], list), what, message)
        return
    sys.exit(f"FAILED: {what}: answered {answer}")


def error_body(error):
    """The body of an error: read by the call's own error types, or (where the bindings map by status) as raw data."""
    if error.error_type is None:
        return plain(error.data.get_struct_value())
    return {
        "error_type": str(error.error_type),
        "messages": [
            {"id": m.id, "default_message": m.default_message, "args": list(m.args)} for m in error.messages],
        "data": plain(error.data.get_struct_value()) if error.data is not None else None,
    }


def plain(value):
    """A data value of the SDK's runtime as Python's own."""
    if isinstance(value, StructValue):
        return {name: plain(field) for name, field in value.get_fields()}
    if isinstance(value, ListValue):
        return [plain(element) for element in value]
    if isinstance(value, OptionalValue):
        return plain(value.value) if value.is_set() else None
    return value.value


class Rest:
    """The Automation bindings over /api (the stock reader expects the old /rest envelope)."""

    def __init__(self, base, ca_file):
        self.http = requests.Session()
        self.http.verify = ca_file
        self.base = base

    def stub(self, kind):
        connector = get_requests_connector(self.http, msg_protocol="rest", url=self.base + "/api")
        stub = kind(StubConfiguration(connector))
        api = stub._api_interface
        api._is_vapi_rest = False
        api._rest_converter_mode = RestConverter.SWAGGER_REST
        api._api_provider.get_api_provider().set_rest_format(False)
        return stub

    def log_in(self, password):
        basic = base64.b64encode(f"{USER}:{password}".encode()).decode()
        self.http.headers["Authorization"] = f"Basic {basic}"
        try:
            token = self.stub(Session).create()
        finally:
            del self.http.headers["Authorization"]
        self.http.headers["vmware-api-session-id"] = token
        return token


def credentials(password=GUEST_PASSWORD):
    return Credentials(
        type=Credentials.Type.USERNAME_PASSWORD, interactive_session=False, user_name="root", password=password)


def check_rest(ready):
    rest = Rest(ready["url"], ready["ca_file"])
    refused("a wrong vCenter password", "UNAUTHENTICATED", 401, lambda: rest.log_in("wrong"))
    expect("session create answers a token", len(rest.log_in(PASSWORD)) >= 32)
    session = rest.stub(Session).get()
    expect("session get names the user", session.user == "VSPHERE.LOCAL\\svc", session)
    expect("session get has times", isinstance(session.created_time, datetime.datetime), session)

    machines = rest.stub(VM)
    expect("the VM list is read", [m.name for m in machines.list()] == ["web01", "db01", "off01", "vCLS-1"])
    # In this mode the bindings leave a filter out of the URL, so it is written here.
    for query, found in [("names=db01&names=off01", ["vm-102", "vm-103"]), ("power_states=POWERED_OFF", ["vm-103"])]:
        answer = rest.http.get(f"{rest.base}/api/vcenter/vm?{query}", timeout=10).json()
        expect(f"the filter {query}", [m["vm"] for m in answer] == found, answer)
    expect("VM details are read", machines.get("vm-101").identity.name == "web01")
    refused("an unknown VM", "NOT_FOUND", 404, lambda: machines.get("vm-999"))
    expect("tools are read", rest.stub(vm_client.Tools).get("vm-101").run_state == "RUNNING")
    expect("readiness is read", rest.stub(Operations).get("vm-101").guest_operations_ready)
    identity = rest.stub(Identity).get("vm-102")
    expect("identity is read", (identity.family, identity.ip_address) == ("LINUX", "10.0.0.5"), identity)
    refused("identity without tools", "SERVICE_UNAVAILABLE", 503, lambda: rest.stub(Identity).get("vm-104"))

    check_places(rest)
    check_tags(ready, rest)

    processes = rest.stub(Processes)
    rows = {row.name: row for row in processes.list("vm-101", credentials())}
    labels = {row.get("label"): row["pid"] for row in ready["guests"]["vm-101"]}
    expect("real processes are listed", set(labels) <= set(rows) | {None}, rows)
    expect("pids are the kernel's", rows["obedient"].pid == labels["obedient"])
    age = datetime.datetime.now(datetime.timezone.utc) - rows["obedient"].started.replace(tzinfo=datetime.timezone.utc)
    expect("started is near", abs(age.total_seconds()) < 120, age)
    one = processes.get("vm-101", credentials(), labels["obedient"])
    expect("get is read", (one.name, one.command, one.finished) == ("obedient", "obedient 3600", None), one)
    synthetic = [row for row in processes.list("vm-102", credentials()) if row.name == "old-job"]
    expect("synthetic processes are listed", [row.command for row in synthetic] == ["old-job --full"], synthetic)

    refused(
        "an unknown pid", "NOT_FOUND", 404, lambda: processes.get("vm-101", credentials(), 2**22 + 1),
        lambda body: body["data"] == {"pid": 2**22 + 1})
    refused(
        "a wrong guest password", "UNAUTHENTICATED", 401, lambda: processes.list("vm-101", credentials("wrong")))
    refused(
        "a guest that is off", "NOT_ALLOWED_IN_CURRENT_STATE", 400, lambda: processes.list("vm-103", credentials()))
    refused("a guest without tools", "SERVICE_UNAVAILABLE", 503, lambda: processes.list("vm-104", credentials()))
    for error_type, status in [("RESOURCE_BUSY", 500), ("UNSUPPORTED", 400), ("UNAUTHORIZED", 403)]:
        control(ready, "faults", {"calls": "rest.process.get", "error_type": error_type})
        refused(
            f"an injected {error_type}", error_type, status,
            lambda: processes.get("vm-101", credentials(), labels["obedient"]))
    processes.delete("vm-101", credentials(), labels["obedient"])
    refused(
        "a terminated process", "NOT_FOUND", 404, lambda: processes.get("vm-101", credentials(), labels["obedient"]))

    rest.stub(Session).delete()
    refused("a session after logout", "UNAUTHENTICATED", 401, lambda: rest.stub(Session).get())


def check_places(rest):
    expect("datacenters are read", [d.name for d in rest.stub(Datacenter).list()] == ["Datacenter", "East"])
    folders = rest.stub(Folder).list()
    db = next(f for f in folders if f.name == "db")
    expect("folders are read", db.type == Folder.Type.VIRTUAL_MACHINE and len(folders) == 7, folders)
    clusters = {c.name: c for c in rest.stub(Cluster).list()}
    expect("clusters are read", set(clusters) == {"Cluster", "gold"} and clusters["gold"].drs_enabled, clusters)
    hosts = {h.name: h for h in rest.stub(Host).list()}
    expect("hosts are read", hosts["esx-1"].connection_state == Host.ConnectionState.CONNECTED, hosts)
    expect("resource pools are read", len(rest.stub(ResourcePool).list()) == 2)
    # In this mode the bindings leave a filter out of the URL, so it is written here.
    for query, found in [
        ("vm?folders=" + db.folder, ["vm-102"]), ("vm?clusters=" + clusters["gold"].cluster, ["vm-102"]),
        ("vm?hosts=" + hosts["esx-1"].host, ["vm-102"]), ("folder?type=VIRTUAL_MACHINE&names=db", ["db"]),
        ("cluster?names=gold", ["gold"]), ("host?clusters=" + clusters["gold"].cluster, ["esx-1"]),
        ("datacenter?names=East", ["East"]), ("resource-pool?clusters=" + clusters["gold"].cluster, ["Resources"]),
    ]:
        answer = rest.http.get(f"{rest.base}/api/vcenter/{query}", timeout=10).json()
        expect(f"the filter {query}", [row.get("vm", row["name"]) for row in answer] == found, answer)


def check_tags(ready, rest):
    categories, tags, association = rest.stub(Category), rest.stub(Tag), rest.stub(TagAssociation)
    ids = categories.list()
    expect("categories are listed", len(ids) == 1, ids)
    category = categories.get(ids[0])
    expect("a category is read", (category.name, category.cardinality) == ("tier", "MULTIPLE"), category)
    expect("tags are listed", tags.list() == tags.list_tags_for_category(ids[0]), tags.list())
    gold = tags.get(tags.list()[0])
    expect("a tag is read", (gold.name, gold.category_id) == ("gold", ids[0]), gold)
    objects = association.list_attached_objects(gold.id)
    expect("the objects of a tag are read", [(o.type, o.id) for o in objects] == [("VirtualMachine", "vm-102")], objects)
    entries = association.list_attached_objects_on_tags([gold.id])
    expect("the objects of tags are read", [(e.tag_id, e.object_ids[0].id) for e in entries] == [(gold.id, "vm-102")])
    entries = association.list_attached_tags_on_objects([DynamicID(type="VirtualMachine", id="vm-102")])
    expect("the tags of objects are read", [(e.object_id.id, e.tag_ids) for e in entries] == [("vm-102", [gold.id])])
    refused("an unknown tag", "NOT_FOUND", 404, lambda: tags.get("urn:vmomi:InventoryServiceTag:none:GLOBAL"))
    refused("an unknown category", "NOT_FOUND", 404, lambda: categories.get("none"))
    control(ready, "tags", {"tag": "tier:gold", "access": "denied"})
    refused("a tag that may not be read", "UNAUTHORIZED", 403, lambda: tags.get(gold.id))
    expect("it is in no answer about several", association.list_attached_objects_on_tags([gold.id]) == [])
    control(ready, "tags", {"tag": "tier:gold", "access": "readable"})


def control(ready, path, body):
    answer = requests.post(
        f"{ready['control']}/{path}", json=body, headers={"x-control-token": ready["control_token"]}, timeout=10)
    answer.raise_for_status()
    return answer.json()


PRIMITIVES = {
    "boolean": bool, "byte": int, "short": int, "int": int, "long": int, "float": float, "double": float,
    "string": str, "dateTime": str, "anyURI": str, "binary": str,
}


def wsdl_name(kind):
    return VmomiSupport.GetWsdlName(kind)


def named(name):
    """The pyVmomi type of a `_typeName`."""
    return VmomiSupport.GetWsdlType(VmomiSupport.XMLNS_XSD if name in PRIMITIVES else "urn:vim25", name)


def type_of(info):
    """The type of a property."""
    return VmomiSupport.GetVmodlType(info.typeName) if hasattr(info, "typeName") else info.type


def check_value(value, kind, place):
    """A JSON value in a slot of that pyVmomi type; says what is wrong by ending."""
    name = wsdl_name(kind)
    if isinstance(value, dict) and "_value" in value:
        expect_silently(set(value) == {"_typeName", "_value"}, place, f"a box has other members: {value}")
        return check_value(value["_value"], named(value["_typeName"]), place)
    if name.startswith("ArrayOf") or issubclass(kind, list):
        expect_silently(isinstance(value, list), place, f"{value!r} is no array")
        for index, item in enumerate(value):
            check_value(item, kind.Item, f"{place}[{index}]")
        return None
    if issubclass(kind, VmomiSupport.ManagedObject):
        expect_silently(isinstance(value, dict) and value.get("_typeName") == "ManagedObjectReference"
                        and set(value) == {"_typeName", "type", "value"}, place, f"{value!r} is no reference")
        declared = named(value["type"])
        expect_silently(issubclass(declared, kind), place, f"{value['type']} is no {name}")
        return None
    if issubclass(kind, VmomiSupport.DataObject):
        return check_object(value, kind, place)
    if name in PRIMITIVES:
        good = isinstance(value, PRIMITIVES[name]) and not (PRIMITIVES[name] is int and isinstance(value, bool))
        expect_silently(good, place, f"{value!r} is no {name}")
        if name == "dateTime":
            datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        return None
    if issubclass(kind, str):
        values = getattr(kind, "values", None)
        expect_silently(isinstance(value, str) and (not values or value in values), place, f"{value!r} is no {name}")
        return None
    # An Any slot: whatever it is must say so.
    expect_silently(isinstance(value, dict) and "_typeName" in value, place, f"{value!r} has no _typeName")
    reference_type = value["_typeName"] == "ManagedObjectReference"
    return check_value(value, VmomiSupport.ManagedObject if reference_type else named(value["_typeName"]), place)


def check_object(value, kind, place):
    expect_silently(isinstance(value, dict), place, f"{value!r} is no object")
    if "_typeName" in value:
        found = named(value["_typeName"])
        expect_silently(issubclass(found, kind), place, f"{value['_typeName']} is no {wsdl_name(kind)}")
        kind = found
    known = {info.name: info for info in kind._GetPropertyList()}
    for member, content in value.items():
        if member in ("_typeName", "faultstring"):
            continue
        expect_silently(member in known, place, f"{wsdl_name(kind)} has no {member}")
        if content is not None:
            check_value(content, type_of(known[member]), f"{place}.{member}")
    for member, info in known.items():
        optional = info.flags & VmomiSupport.F_OPTIONAL
        expect_silently(optional or value.get(member) is not None, place, f"{wsdl_name(kind)}.{member} is missing")


def expect_silently(holds, place, detail):
    if not holds:
        sys.exit(f"FAILED: {place}: {detail}")


class Vi:
    """A VI JSON client that checks every answer against pyVmomi's types."""

    def __init__(self, base, ca_file):
        self.http = requests.Session()
        self.http.verify = ca_file
        self.base = f"{base}/sdk/vim25/{RELEASE}"

    def call(self, kind, moid, member, body=None, status=200):
        """POSTs a method; the result's type is what pyVmomi declares for it."""
        answer = self.http.post(f"{self.base}/{kind}/{moid}/{member}", json=body, timeout=30)
        expect(f"{kind}.{member} is answered {status}", answer.status_code == status, answer.text)
        if status == 204:
            return None
        return self.checked(answer, VmomiSupport.GetVmodlType(method(kind, member).methodResultName), member)

    def fault(self, expected, kind, moid, member, body=None):
        answer = self.http.post(f"{self.base}/{kind}/{moid}/{member}", json=body, timeout=30)
        name = answer.json().get("_typeName")
        expect(f"{kind}.{member} fails: {expected}", (answer.status_code, name) == (500, expected), answer.text)
        check_object(answer.json(), named("MethodFault"), expected)
        return answer.json()

    def read(self, kind, moid, member):
        answer = self.http.get(f"{self.base}/{kind}/{moid}/{member}", timeout=30)
        expect(f"{kind}.{member} is read", answer.status_code == 200, answer.text)
        return self.checked(answer, type_of(named(kind)._GetPropertyInfo(member)), member)

    def checked(self, answer, declared, member):
        value = answer.json()
        if value is not None:
            check_value(value, declared, member)
        if "vmware-api-session-id" in answer.headers:
            self.http.headers["vmware-api-session-id"] = answer.headers["vmware-api-session-id"]
        return value


def method(kind, member):
    """pyVmomi keeps methods by their vmodl names; its entries know the WSDL's."""
    for info in named(kind)._GetMethodList():
        if info.wsdlName == member:
            return info
    sys.exit(f"FAILED: {kind} has no method {member}")


def reference(kind, value):
    return {"_typeName": "ManagedObjectReference", "type": kind, "value": value}


def guest(vm, password=GUEST_PASSWORD, **more):
    return {
        "vm": reference("VirtualMachine", vm),
        "auth": {
            "_typeName": "NamePasswordAuthentication", "interactiveSession": False, "username": "root",
            "password": password,
        },
        **more,
    }


def retrieve(paths, objects):
    return {
        "_typeName": "RetrievePropertiesExRequestType",
        "specSet": [{
            "_typeName": "PropertyFilterSpec", "objectSet": objects,
            "propSet": [{"_typeName": "PropertySpec", "type": "VirtualMachine", "all": False, "pathSet": paths}],
        }],
        "options": {"_typeName": "RetrieveOptions"},
    }


def check_vi(ready):
    vi = Vi(ready["url"], ready["ca_file"])
    hello = requests.post(
        ready["url"] + "/api/vcenter/system?action=hello", json={"api_releases": ["99.0.0.0", RELEASE]},
        verify=ready["ca_file"], timeout=10)
    expect("hello negotiates", hello.json() == {"api_release": RELEASE}, hello.text)
    content = vi.call("ServiceInstance", "ServiceInstance", "RetrieveServiceContent")
    expect("it is a vCenter", content["about"]["apiType"] == "VirtualCenter")
    expect("content is the same", vi.read("ServiceInstance", "ServiceInstance", "content") == content)
    sessions, collector = content["sessionManager"]["value"], content["propertyCollector"]["value"]
    expect("no session yet", vi.read("SessionManager", sessions, "currentSession") is None)
    vi.fault("InvalidLogin", "SessionManager", sessions, "Login", {"userName": USER, "password": "wrong"})
    session = vi.call("SessionManager", sessions, "Login", {"userName": USER, "password": PASSWORD})
    expect("the session is ours", vi.read("SessionManager", sessions, "currentSession")["key"] == session["key"])
    vi.fault(
        "NoPermission", "SessionManager", sessions, "SessionIsActive",
        {"sessionID": session["key"], "userName": session["userName"]})
    rest = requests.get(
        ready["url"] + "/api/session", verify=ready["ca_file"], timeout=10,
        headers={"vmware-api-session-id": vi.http.headers["vmware-api-session-id"]})
    expect("one session serves both APIs (8.0 U3)", rest.status_code == 200, rest.text)

    view = vi.call(
        "ViewManager", content["viewManager"]["value"], "CreateContainerView",
        {"container": content["rootFolder"], "type": ["VirtualMachine"], "recursive": True})
    paths = [
        "name", "runtime.powerState", "runtime.bootTime", "runtime.suspendTime", "runtime.host",
        "guest.toolsRunningStatus", "guest.guestOperationsReady", "guest.guestFamily", "config.instanceUuid",
        "config.uuid", "config.template", "config.managedBy",
    ]
    through = [{
        "_typeName": "ObjectSpec", "obj": view, "skip": True,
        "selectSet": [{
            "_typeName": "TraversalSpec", "name": "v", "type": "ContainerView", "path": "view", "skip": False}],
    }]
    page = vi.call("PropertyCollector", collector, "RetrievePropertiesEx", retrieve(paths, through))
    machines = page["objects"]
    while "token" in page:
        page = vi.call(
            "PropertyCollector", collector, "ContinueRetrievePropertiesEx", {"token": page["token"]})
        machines += page["objects"]
    for machine in machines:
        for item in machine.get("propSet", []):
            check_path(item["name"], item["val"])
    expect("all VMs come, page by page", [m["obj"]["value"] for m in machines] ==
           ["vm-101", "vm-102", "vm-103", "vm-104"], machines)
    missing = [(m["path"], m["fault"]["_typeName"]) for m in machines[3].get("missingSet", [])]
    expect("an unreadable property is missing", missing == [("guest.guestFamily", "NoPermission")], machines[3])
    wrong = retrieve(["no.such"], [{"obj": reference("VirtualMachine", "vm-101")}])
    vi.fault("InvalidProperty", "PropertyCollector", collector, "RetrievePropertiesEx", wrong)
    shown = vi.read("ContainerView", view["value"], "view")
    expect("a view shows its objects", [o["value"] for o in shown] == ["vm-101", "vm-102", "vm-103", "vm-104"], shown)
    vi.call("ContainerView", view["value"], "DestroyView", status=204)
    check_tree(vi, content, collector)
    check_roles(vi, content, collector)

    operations = content["guestOperationsManager"]["value"]
    manager = vi.read("GuestOperationsManager", operations, "processManager")["value"]
    kind = "GuestProcessManager"
    rows = vi.call(kind, manager, "ListProcessesInGuest", guest("vm-101"))
    pids = {row["name"]: row["pid"] for row in rows}
    one = vi.call(kind, manager, "ListProcessesInGuest", guest("vm-101", pids=[pids["stubborn"], 2**22 + 1]))
    expect("pids select, unknown ones are absent", [row["name"] for row in one] == ["stubborn"], one)
    none = vi.call(kind, manager, "ListProcessesInGuest", guest("vm-101", pids=[2**22 + 1]))
    expect("nothing is null", none is None, none)
    vi.call(kind, manager, "TerminateProcessInGuest", guest("vm-101", pid=pids["stubborn"]), status=204)
    left = {row["name"] for row in vi.call(kind, manager, "ListProcessesInGuest", guest("vm-101"))}
    expect("the stubborn one is dead, the bystander lives", "stubborn" not in left and "bystander" in left, left)
    fault = vi.fault(
        "GuestProcessNotFound", kind, manager, "TerminateProcessInGuest", guest("vm-101", pid=pids["stubborn"]))
    expect("the fault names the pid", fault["pid"] == pids["stubborn"], fault)
    vi.fault("InvalidGuestLogin", kind, manager, "ListProcessesInGuest", guest("vm-101", "wrong"))
    vi.fault("InvalidPowerState", kind, manager, "ListProcessesInGuest", guest("vm-103"))
    vi.fault("GuestOperationsUnavailable", kind, manager, "ListProcessesInGuest", guest("vm-104"))
    vi.fault("ManagedObjectNotFound", kind, manager, "ListProcessesInGuest", guest("vm-999"))
    unknown = guest("vm-101")
    unknown["surprise"] = 1
    vi.fault("InvalidRequest", kind, manager, "ListProcessesInGuest", unknown)
    vi.call("SessionManager", sessions, "Logout", status=204)
    vi.fault("NotAuthenticated", kind, manager, "ListProcessesInGuest", guest("vm-101"))


def check_roles(vi, content, collector):
    """The account's privileges on a VM, as `guestwatchd doctor` reads them: by names, without asking for what could be refused."""
    roles = {role["roleId"]: role for role in vi.read(
        "AuthorizationManager", content["authorizationManager"]["value"], "roleList")}
    names = {role["name"] for role in roles.values() if role["system"]}
    expect("the roles of every vCenter are there", {"NoAccess", "ReadOnly", "Admin"} <= names, roles)
    page = vi.call(
        "PropertyCollector", collector, "RetrievePropertiesEx",
        retrieve(["effectiveRole"], [{"obj": reference("VirtualMachine", "vm-101")}]))
    [item] = page["objects"][0]["propSet"]
    check_path(item["name"], item["val"])
    held = {privilege for number in item["val"]["_value"] for privilege in roles[number].get("privilege", [])}
    expect("the role has what the account may do", held == {
        "System.Anonymous", "System.View", "System.Read", "VirtualMachine.GuestOperations.Query",
        "VirtualMachine.GuestOperations.Execute"}, held)


def check_tree(vi, content, collector):
    """Folders, datacenters, clusters and hosts through one view, and the VMs of one of them."""
    paths = {
        "Folder": ["name", "parent", "childType"], "Datacenter": ["name", "parent", "vmFolder", "hostFolder"],
        "ClusterComputeResource": ["name", "parent"], "HostSystem": ["name", "parent"],
    }
    view = vi.call(
        "ViewManager", content["viewManager"]["value"], "CreateContainerView",
        {"container": content["rootFolder"], "type": list(paths), "recursive": True})
    query = retrieve([], [{
        "_typeName": "ObjectSpec", "obj": view, "skip": True,
        "selectSet": [{
            "_typeName": "TraversalSpec", "name": "v", "type": "ContainerView", "path": "view", "skip": False}],
    }])
    query["specSet"][0]["propSet"] = [
        {"_typeName": "PropertySpec", "type": kind, "all": False, "pathSet": wanted} for kind, wanted in paths.items()]
    page = vi.call("PropertyCollector", collector, "RetrievePropertiesEx", query)
    found = page["objects"]
    while "token" in page:
        page = vi.call("PropertyCollector", collector, "ContinueRetrievePropertiesEx", {"token": page["token"]})
        found += page["objects"]
    for thing in found:
        for item in thing["propSet"]:
            check_path(item["name"], item["val"], thing["obj"]["type"])
    names = {item["val"]["_value"]: thing["obj"] for thing in found for item in thing["propSet"] if item["name"] == "name"}
    expect("the tree is read", {"Europe", "East", "db", "gold", "esx-1", "Datacenter"} <= set(names), names)
    vi.call("ContainerView", view["value"], "DestroyView", status=204)
    for name in ["db", "gold", "East", "esx-1"]:
        view = vi.call(
            "ViewManager", content["viewManager"]["value"], "CreateContainerView",
            {"container": names[name], "type": ["VirtualMachine"], "recursive": True})
        shown = vi.read("ContainerView", view["value"], "view")
        expect(f"the VMs of {name}", [o["value"] for o in shown] == ["vm-102"], shown)
        vi.call("ContainerView", view["value"], "DestroyView", status=204)


def check_path(path, value, kind="VirtualMachine"):
    """The value of a property path, against the type that pyVmomi declares for it."""
    kind = named(kind)
    for name in path.split("."):
        kind = type_of(kind._GetPropertyInfo(name))
    if issubclass(kind, VmomiSupport.ManagedObject) or "_value" not in value:
        check_value(value, kind, path)
        return
    if wsdl_name(kind) == "ArrayOfTypeName":
        # Names of types are texts on the wire; what their box is called is not known (vsphere-api.md has none).
        good = all(isinstance(item, str) and named(item) is not None for item in value["_value"])
        expect_silently(good, path, f"{value} are no names of types")
        return
    expect_silently(value["_typeName"] == wsdl_name(kind) or issubclass(kind, str), path, f"{value} in {wsdl_name(kind)}")
    check_value(value["_value"], kind, path)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        line = json.load(file)
    check_rest(line)
    check_vi(line)
    print(f"VMware's SDK agrees: {done} checks")
