"""How schemas are read out of sources that were generated from them. Those themselves are in a package of 60 MB."""

import base64
import io
import json
import re
import tarfile
import zipfile

import pytest
from tools import provider_schema
from tools.provider_schema import ADDRESS, Source

POOL = """
export interface PoolConfig extends cdktf.TerraformMetaArguments {
  /**
  * Docs: {@link https://example.com/pool#names Pool#names}
  */
  readonly names?: string[];
  /**
  * rule block
  *
  * Docs: {@link https://example.com/pool#rule Pool#rule}
  */
  readonly rule: PoolRule[] | cdktf.IResolvable;
  /**
  * limit block
  *
  * Docs: {@link https://example.com/pool#limit Pool#limit}
  */
  readonly limit?: PoolLimit;
  /**
  * timeouts block
  *
  * Docs: {@link https://example.com/pool#timeouts Pool#timeouts}
  */
  readonly timeouts?: PoolTimeouts;
  /**
  * Docs: {@link https://example.com/pool#member Pool#member}
  */
  readonly member?: PoolMember[] | cdktf.IResolvable;
}
export class PoolRuleOutputReference extends cdktf.ComplexObject {

  // allow - computed: false, optional: false, required: true
  private _allow?: boolean | cdktf.IResolvable;
  public get allow() {
    return this.getBooleanAttribute('allow');
  }
}
export class PoolRuleList extends cdktf.ComplexList {
}
export class PoolLimitOutputReference extends cdktf.ComplexObject {
}
export class PoolTimeoutsOutputReference extends cdktf.ComplexObject {
}
export class PoolMemberOutputReference extends cdktf.ComplexObject {

  // weight - computed: true, optional: true, required: false
  private _weight?: number;
  public get weight() {
    return this.getNumberAttribute('weight');
  }
}
export class PoolMemberList extends cdktf.ComplexList {
}
export class Pool extends cdktf.TerraformResource {
  public static readonly tfResourceType = "aws_pool";

  // arn - computed: true, optional: false, required: false
  public get arn() {
    return this.getStringAttribute('arn');
  }

  // labels - computed: true, optional: false, required: false
  private _labels = new cdktf.StringMap(this, "labels");
  public get labels() {
    return this._labels;
  }

  // names - computed: false, optional: true, required: false
  private _names?: string[];
  public get names() {
    return cdktf.Fn.tolist(this.getListAttribute('names'));
  }

  // ports - computed: true, optional: true, required: false
  private _ports?: { [key: string]: (boolean | cdktf.IResolvable) };
  public get ports() {
    return this.getBooleanMapAttribute('ports');
  }

  // zones - computed: true, optional: false, required: false
  public get zones() {
    return this.getListAttribute('zones');
  }

  // anything - computed: false, optional: false, required: true
  private _anything?: any;
  public get anything() {
    return this.interpolationForAttribute('anything');
  }

  // member - computed: true, optional: true, required: false
  private _member = new PoolMemberList(this, "member", true);
  public get member() {
    return this._member;
  }

  // rule - computed: false, optional: false, required: true
  private _rule = new PoolRuleList(this, "rule", true);
  public get rule() {
    return this._rule;
  }

  // limit - computed: false, optional: true, required: false
  private _limit = new PoolLimitOutputReference(this, "limit");
  public get limit() {
    return this._limit;
  }

  // timeouts - computed: false, optional: true, required: false
  private _timeouts = new PoolTimeoutsOutputReference(this, "timeouts");
  public get timeouts() {
    return this._timeouts;
  }
}
"""
PROVIDER = """
export interface AwsProviderConfig {
  /**
  * tags block
  *
  * Docs: {@link https://example.com/docs#tags AwsProvider#tags}
  */
  readonly tags?: AwsProviderTags[] | cdktf.IResolvable;
}
export interface AwsProviderTags {
  /**
  * Docs: {@link https://example.com/docs#all_of AwsProvider#all_of}
  */
  readonly allOf?: { [key: string]: string };
}
export class AwsProvider extends cdktf.TerraformProvider {

  // alias - computed: false, optional: true, required: false
  private _alias?: string;
  public get alias() {
    return this._alias;
  }

  // tags - computed: false, optional: true, required: false
  private _tags?: AwsProviderTags[] | cdktf.IResolvable;
  public get tags() {
    return this._tags;
  }
}
"""
OPTIONAL = {"optional": True}
COMPUTED = {"computed": True}
NOTHING: dict[str, object] = {"attributes": {}, "block_types": {}}


def packed(*texts: str) -> bytes:
    """As the package has them: a wheel, an archive in it, and compiled code with its source maps in that."""
    inner, outer = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as files:
        for number, text in enumerate(texts):
            mapped = base64.b64encode(json.dumps({"sourcesContent": [text]}).encode())
            code = b'"use strict";\n//# sourceMappingURL=data:application/json;base64,' + mapped
            file = tarfile.TarInfo(f"package/lib/{number}/index.js")
            file.size = len(code)
            files.addfile(file, io.BytesIO(code))
    with zipfile.ZipFile(outer, "w") as wheel:
        wheel.writestr("provider_aws/_jsii/provider-aws.jsii.tgz", inner.getvalue())
    return outer.getvalue()


def test_schema_is_read_from_generated_source() -> None:
    assert Source(POOL).block("Pool", "PoolConfig") == {
        "attributes": {
            "arn": {"type": "string", **COMPUTED},
            "labels": {"type": ["map", "string"], **COMPUTED},
            "names": {"type": ["set", "string"], **OPTIONAL},
            "ports": {"type": ["map", "bool"], **COMPUTED, **OPTIONAL},
            "zones": {"type": ["list", "string"], **COMPUTED},
            "anything": {"type": "dynamic", "required": True},
            "member": {"type": ["set", ["object", {"weight": "number"}]], **COMPUTED, **OPTIONAL},
        },
        "block_types": {
            "rule": {
                "nesting_mode": "set",
                "block": {"attributes": {"allow": {"type": "bool", "required": True}}, "block_types": {}},
                "min_items": 1,
            },
            "limit": {"nesting_mode": "list", "block": NOTHING, "max_items": 1},
            "timeouts": {"nesting_mode": "single", "block": NOTHING},
        },
    }


def test_file_has_provider_and_wanted_types() -> None:
    data = POOL.replace("TerraformResource", "TerraformDataSource").replace("aws_pool", "aws_region")
    other = POOL.replace("aws_pool", "aws_unused")
    sources = provider_schema.sources(packed(PROVIDER, POOL, data, other))
    found = provider_schema.schemas(sources, {("resource", "aws_pool"), ("data", "aws_region"), ("data", "aws_unused")})

    assert provider_schema.covered(found) == {("resource", "aws_pool"), ("data", "aws_region")}
    tags = {"attributes": {"all_of": {"type": ["map", "string"], **OPTIONAL}}, "block_types": {}}
    assert found["provider_schemas"][ADDRESS]["provider"]["block"] == {
        "attributes": {},
        "block_types": {"tags": {"nesting_mode": "list", "block": tags}},
    }


def test_unexpected_source_form_is_refused() -> None:
    with pytest.raises(SystemExit, match="Pool has parts that are not written as expected"):
        Source(POOL.replace("public get zones", "public zones")).block("Pool", "PoolConfig")


def test_file_has_an_attribute_a_line() -> None:
    text = provider_schema.FILE.read_text(encoding="utf-8")
    assert provider_schema.written(json.loads(text)) + "\n" == text
    assert re.search(r'^ +"names": \{"computed": true, "type": \["list", "string"\]\},$', text, re.MULTILINE)
