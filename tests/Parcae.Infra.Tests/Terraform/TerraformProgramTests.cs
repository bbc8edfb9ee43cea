using System.Text.Json.Nodes;
using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Terraform;

/// <summary>Terraform itself, where it is: its own validation and the tests beside the files, with the providers stood in for. Nothing is fetched, planned against an account, or applied.</summary>
public sealed class TerraformProgramTests : IDisposable
{
    private const string From = "no package of Debian's has it";
    private readonly Scratch _scratch = new();

    [Fact]
    public void There_is_nothing_to_format() => Tool.Need("terraform", From).Run(["fmt", "-check", "-diff", "-recursive", Repository.Place("infra/terraform")]).Good();

    [Fact]
    public async Task It_is_valid_and_its_own_tests_pass()
    {
        var result = await RunAsync();
        result.Validate.Good();
        Assert.Contains("Success! The configuration is valid.", result.Validate.Output, StringComparison.Ordinal);
        result.Test!.Good();
        Assert.Contains(", 0 failed.", result.Test.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_argument_that_the_provider_does_not_have_is_found()
    {
        var result = await RunAsync("nodes.tf", "http_tokens ", "http_token  ");
        Assert.NotEqual(0, result.Validate.Status);
        Assert.Contains("http_token", result.Validate.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();

    private async Task<(Tool.Result Validate, Tool.Result? Test)> RunAsync(string? file = null, string was = "", string becomes = "")
    {
        var terraform = Tool.Need("terraform", From);
        // What the module reads lies beside it.
        foreach (string source in Repository.Files("infra/terraform").Append("infra/redis/redis.conf").Where(f => !f.Contains("/.terraform", StringComparison.Ordinal)))
            _scratch.Write(Path.GetRelativePath("infra", source), Path.GetFileName(source) == file ? Repository.Read(source).Replace(was, becomes, StringComparison.Ordinal) : Repository.Read(source));
        await using var aws = await ProviderStandIn.StartAsync(ProviderSchema.All["aws"]);
        await using var random = await ProviderStandIn.StartAsync(ProviderSchema.All["random"]);
        var running = new JsonObject { ["hashicorp/aws"] = Attached(aws), ["hashicorp/random"] = Attached(random) };
        var environment = new Dictionary<string, string> { ["TF_REATTACH_PROVIDERS"] = running.ToJsonString(), ["CHECKPOINT_DISABLE"] = "1", ["TF_CLI_CONFIG_FILE"] = _scratch.Write("none.tfrc", "") };
        string folder = _scratch.Place("terraform/aws");
        terraform.Run(["init", "-input=false", "-no-color", "-backend=false"], environment, folder).Good();
        var validate = terraform.Run(["validate", "-no-color"], environment, folder);
        return (validate, validate.Status == 0 ? terraform.Run(["test", "-no-color"], environment, folder) : null);

        static JsonObject Attached(ProviderStandIn provider) => new()
        {
            ["Protocol"] = "grpc",
            ["ProtocolVersion"] = 5,
            ["Pid"] = Environment.ProcessId,
            // Not Terraform's to end.
            ["Test"] = true,
            ["Addr"] = new JsonObject { ["Network"] = "tcp", ["String"] = $"127.0.0.1:{provider.Port}" },
        };
    }
}
