using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Parcae.Infra.Tests.Support;
using Parcae.Silo.Hosting;

namespace Parcae.Infra.Tests.Terraform;

/// <summary>
/// The Terraform files, without Terraform: every argument, block and attribute is one of the provider's, every name is one that there is, and ports are the silo's. What expressions are worth is for Terraform itself to say
/// (<see cref="TerraformProgramTests"/>).
/// </summary>
public sealed partial class TerraformTests
{
    private const string Folder = "infra/terraform/aws";
    private static readonly string[] Meta = ["count", "for_each", "depends_on", "lifecycle", "provider"];
    private static readonly HclBlock[] Blocks = [.. Repository.Files(Folder, "*.tf").SelectMany(f => Hcl.Read(Path.GetFileName(f), Repository.Read(f)))];

    [Fact]
    public void Every_argument_and_block_is_the_providers_and_none_that_it_needs_is_missing()
    {
        var used = Blocks.Where(b => b.Type is "resource" or "data").ToArray();
        Assert.Contains(used, b => b.Labels[0] == "aws_autoscaling_group");
        foreach (var block in used) AssertKnown(block, ProviderSchema.Of(block), $"{block.Where} {block.Labels[0]}", Meta);
    }

    [Fact]
    public void The_provider_is_pinned_to_the_major_version_that_was_checked() =>
        Assert.Contains("< 6.0", Blocks.Single(b => b.Type == "terraform").All.Single(b => b.Type == "required_providers").Arguments["aws"], StringComparison.Ordinal);

    [Fact]
    public void Every_name_is_one_that_there_is()
    {
        string[] variables = [.. Blocks.Where(b => b.Type == "variable").Select(b => b.Labels[0])];
        string[] locals = [.. Blocks.Where(b => b.Type == "locals").SelectMany(b => b.Arguments.Keys)];
        var resources = Blocks.Where(b => b.Type is "resource" or "data").ToDictionary(b => $"{(b.Type == "data" ? "data." : "")}{b.Labels[0]}.{b.Labels[1]}");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var block in Blocks.SelectMany(b => b.All))
        {
            foreach (var (argument, expression) in block.Arguments)
            {
                string where = $"{block.Where} {argument}";
                foreach (Match m in Variable().Matches(expression))
                {
                    Assert.True(variables.Contains(m.Groups[1].Value), $"{where}: there is no variable {m.Groups[1].Value}");
                    if (block.Type != "validation") seen.Add(m.Groups[1].Value);
                }

                foreach (Match m in Local().Matches(expression)) Assert.True(locals.Contains(m.Groups[1].Value), $"{where}: there is no local {m.Groups[1].Value}");
                foreach (Match m in Reference().Matches(expression))
                {
                    string name = $"{m.Groups[1].Value}{m.Groups[2].Value}.{m.Groups[3].Value}";
                    Assert.True(resources.TryGetValue(name, out var target), $"{where}: there is no {name}");
                    if (m.Groups[4].Value is not { Length: > 0 } attribute) continue;
                    var schema = ProviderSchema.Of(target);
                    Assert.True((schema.At($"attributes.{attribute}") ?? schema.At($"blocks.{attribute}")) is not null, $"{where}: {name} has no attribute {attribute}");
                }
            }
        }

        Assert.Equal(variables.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_variable_and_output_says_what_it_is()
    {
        foreach (var block in Blocks.Where(b => b.Type is "variable" or "output")) Assert.True(block.Arguments.GetValueOrDefault("description") is { Length: > 10 }, $"{block.Where} has no description");
        Assert.All(Blocks.Where(b => b.Type == "variable"), v => Assert.True(v.Arguments.ContainsKey("type"), v.Where));
        Assert.All(Blocks.SelectMany(b => b.All).Where(b => b.Type == "validation"), v => Assert.Equal(["condition", "error_message"], v.Arguments.Keys.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void The_guide_has_every_variable_and_every_output()
    {
        string guide = Repository.Read($"{Folder}/README.md");
        Assert.All(Blocks.Where(b => b.Type is "variable" or "output"), b => Assert.Contains($"| `{b.Labels[0]}` |", guide, StringComparison.Ordinal));
    }

    [Fact]
    public void Metadata_are_given_to_sessions_only()
    {
        foreach (string kind in new[] { "aws_instance", "aws_launch_template" })
            Assert.All(Blocks.Where(b => b.Type == "resource" && b.Labels[0] == kind), b => Assert.Equal("\"required\"", b.Blocks.Single(m => m.Type == "metadata_options").Arguments["http_tokens"]));
    }

    [Fact]
    public void Nothing_is_open_to_the_world_and_every_disk_is_encrypted()
    {
        foreach (var rule in Blocks.Where(b => b.Labels is ["aws_vpc_security_group_ingress_rule", _])) Assert.DoesNotContain("0.0.0.0/0", string.Join(' ', rule.Arguments.Values), StringComparison.Ordinal);
        var disks = Blocks.SelectMany(b => b.All).Where(b => b.Type is "root_block_device" or "ebs" || b.Labels is ["aws_ebs_volume", _]).ToArray();
        Assert.Equal(3, disks.Length);
        Assert.All(disks, d => Assert.Equal("true", d.Arguments["encrypted"]));
    }

    [Fact]
    public void Only_what_knows_no_narrower_resource_may_be_done_to_all()
    {
        var allowed = Blocks.SelectMany(b => b.All).Where(b => b.Type is "statement" or "content" && b.Arguments.ContainsKey("actions") && !b.Arguments.GetValueOrDefault("effect", "").Contains("Deny", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(allowed);
        foreach (var statement in allowed)
        {
            Assert.DoesNotContain("*", statement.Arguments["actions"], StringComparison.Ordinal);
            if (statement.Arguments.GetValueOrDefault("resources") == "[\"*\"]") Assert.Equal("[\"ecr:GetAuthorizationToken\"]", statement.Arguments["actions"]);
        }
    }

    [Fact]
    public void Ports_are_the_silos()
    {
        var silo = new SiloSettings();
        var ports = Regex.Matches(Blocks.Where(b => b.Type == "locals").Select(b => b.Arguments.GetValueOrDefault("ports")).Single(p => p is not null)!, @"(\w+) = (\d+)").ToDictionary(m => m.Groups[1].Value, m => int.Parse(m.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal((silo.ActualHttpPort, silo.SiloPort, silo.ActualGatewayPort, 6379), ((int?)ports["http"], ports["silo"], ports["gateway"], ports["redis"]));
    }

    private static void AssertKnown(HclBlock block, JsonNode schema, string where, string[] more)
    {
        foreach (string argument in block.Arguments.Keys.Except(more)) Assert.True(schema.At($"attributes.{argument}")?[1]?.ToString() is "required" or "optional", $"{where}: there is no argument {argument}");
        foreach (var found in block.Blocks.Where(b => !more.Contains(b.Type)))
        {
            var (name, content) = found.Type == "dynamic" ? (found.Labels[0], found.Blocks.Single(b => b.Type == "content")) : (found.Type, found);
            AssertKnown(content, schema.At($"blocks.{name}") ?? throw new KeyNotFoundException($"{where}: there is no block {name}"), $"{where}.{name}", []);
        }

        foreach (string needed in schema.Map("attributes").Where(a => a.Value![1]!.ToString() == "required").Select(a => a.Key)) Assert.True(block.Arguments.ContainsKey(needed), $"{where}: it needs {needed}");
    }

    [GeneratedRegex(@"\bvar\.(\w+)")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\blocal\.(\w+)")]
    private static partial Regex Local();

    [GeneratedRegex(@"(?<![\w.])(data\.)?((?:aws|random)_\w+)\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?")]
    private static partial Regex Reference();
}
