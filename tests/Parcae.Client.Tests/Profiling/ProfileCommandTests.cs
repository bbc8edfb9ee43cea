using System.Text.Json;

using Parcae.Cli.Profiling;
using Parcae.Grains;
using Parcae.Liveput.Profiles;

namespace Parcae.Client.Tests.Profiling;

public sealed class ProfileCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-profile-").FullName;

    [Fact]
    public async Task A_model_is_measured_with_real_workers_and_the_profile_simulates_and_plans()
    {
        string model = Write("tiny.json", """{"blocks": 2, "hidden": 32, "heads": 2, "sequenceLength": 32}""");
        string text = Write("text.txt", string.Concat(Enumerable.Range(0, 3000).Select(i => $"line {i}\n")));
        string path = Path.Combine(_folder, "tiny.profile.json");
        var run = await CommandRun.RunAsync(["profile", "--model", model, "--data", text, "--max-pipelines", "2", "--max-depth", "2", "--out", path, "--json"]);
        Assert.True(run.Code == 0, run.Error);
        Assert.Equal(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken), run.Output);
        Assert.Contains("timing each layer", run.Error, StringComparison.Ordinal);
        JsonGolden.Same("profile", run.Output, _folder, IsMeasured);

        var profile = ProfileFile.Load(path);
        Assert.Equal(("tiny", 16, 4), (profile.Model, profile.GlobalBatch, profile.LayerCount));
        Assert.True(profile.Throughput(2, 2) > 0);
        Assert.Contains("steps of 1x1", profile.Source, StringComparison.Ordinal);
        Assert.True(profile.Reconfiguration!.ProcessStartMs > 0);

        var simulated = await CommandRun.RunAsync(["simulate", "--profile", path, "--trace", "HADP", "--policy", "reactive", "--json"]);
        Assert.True(simulated.Code == 0, simulated.Error);
        using var json = JsonDocument.Parse(simulated.Output);
        Assert.True(json.RootElement.GetProperty("policies")[0].GetProperty("samples").GetDouble() > 0);
        Assert.Equal(0, (await CommandRun.RunAsync(["plan", "--profile", path, "--available", "4", "--json"])).Code);
    }

    [Theory]
    [InlineData("--model: 'gtp2' is neither a model's name nor a file; names are gpt2,", "--model", "gtp2")]
    [InlineData("training.precision: float8 is not valid", "--model", "gpt2", "--precision", "float8")]
    [InlineData("training.globalBatch", "--model", "gpt2", "--batch", "9", "--micro-batches", "4")]
    [InlineData("--memory: 'lots' is not valid; it must be bytes above 0, like 2000000000, 512MB or 16GB.", "--model", "gpt2", "--memory", "lots")]
    [InlineData("--out: there is no folder /no/such/folder.", "--model", "gpt2", "--out", "/no/such/folder/p.json")]
    public async Task What_cannot_be_measured_is_wrong_usage_and_says_what_would_be_right(string message, params string[] arguments)
    {
        var run = await CommandRun.RunAsync(["profile", .. arguments]);
        Assert.Equal(2, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[1]")]
    [InlineData("{\"blcks\": 3}")]
    [InlineData("{\"model\": {\"blocks\": \"three\"}}")]
    [InlineData("{\"model\": null}")]
    [InlineData("null")]
    public async Task A_file_that_is_no_spec_is_refused(string content)
    {
        var run = await CommandRun.RunAsync(["profile", "--model", Write("bad.json", content)]);
        Assert.Equal(2, run.Code);
        Assert.Contains("bad.json is no spec of a model or a job", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_jobs_document_in_yaml_will_do_and_its_mistakes_are_told()
    {
        var (spec, name) = ModelSource.Load(Write("job.yaml", "name: mine\nmodel:\n  blocks: 3"));
        Assert.Equal(("mine", 3), (name, spec.Model.Blocks));

        var run = await CommandRun.RunAsync(["profile", "--model", Write("bad.yaml", "model:\n  blocks: three")]);
        Assert.Equal(2, run.Code);
        Assert.Contains("line 2: model.blocks: \"three\" is not valid", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_holds_a_model_or_a_whole_job_and_a_name_is_a_preset()
    {
        var (model, name) = ModelSource.Load(Write("m.json", """{"family": "gpt", "blocks": 3}"""));
        Assert.Equal(("m", 3, 16), (name, model.Model.Blocks, model.Training.GlobalBatch));
        var (job, jobName) = ModelSource.Load(Write("j.json", """{"name": "mine", "model": {"blocks": 5}, "training": {"globalBatch": 32}}"""));
        Assert.Equal(("mine", 5, 32), (jobName, job.Model.Blocks, job.Training.GlobalBatch));
        Assert.Equal(ModelPresets.Get("gpt2-xl"), ModelSource.Load("GPT2-XL").Spec.Model);
    }

    [Theory]
    [InlineData("1", 1L)]
    [InlineData("2000000000", 2_000_000_000L)]
    [InlineData("1.5KB", 1500L)]
    [InlineData("512 mb", 512_000_000L)]
    [InlineData("16GB", 16_000_000_000L)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    [InlineData("GB", null)]
    [InlineData("1e3", null)]
    public void Bytes_are_read_with_and_without_units(string text, long? bytes) => Assert.Equal(bytes, ProfileOptions.ParseBytes(text));

    /// <summary>Times, and what follows from them; the machine and the day.</summary>
    private static bool IsMeasured(string name) => name.EndsWith("Ms", StringComparison.Ordinal) || name is "source" or "instanceType" or "linkBytesPerSecond" or "samplesPerSecond" or "excluded";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, string content)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }
}
