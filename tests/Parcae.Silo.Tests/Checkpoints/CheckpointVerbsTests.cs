using System.Text.Json.Nodes;
using Parcae.Client.Tests;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using Parcae.Silo.Checkpoints;
using Xunit;

namespace Parcae.Silo.Tests.Checkpoints;

public sealed class CheckpointVerbsTests : IDisposable
{
    private static readonly JobSpec Job = new() { Model = new ModelSpec { Blocks = 1, Hidden = 16, Heads = 2, SequenceLength = 8 } };
    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-silo-").FullName;
    private readonly string _out;

    public CheckpointVerbsTests()
    {
        _out = Path.Combine(_folder, "model");
        foreach (int version in new[] { 10, 20 }) Write("job-1", version, Job);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_export_is_told_as_JSON_and_can_be_begun_from()
    {
        var (code, output, error) = await RunAsync("export", "--job=job-1", $"--out={_out}", "--json");
        Assert.Equal((0, ""), (code, error));
        JsonGolden.Same("jobs export", output, _folder, name => name == "bytes");
        var told = JsonNode.Parse(output)!;
        Assert.Equal(("job-1", 20, "huggingface", _out), ((string)told["jobId"]!, (int)told["step"]!, (string)told["format"]!, (string)told["out"]!));
        Assert.Equal(Directory.EnumerateFiles(_out).Select(Path.GetFileName).Order(StringComparer.Ordinal), told["files"]!.AsArray().Select(f => (string)f!["name"]!));

        (code, output, _) = await RunAsync("import", "--from", _out);
        Assert.Equal(0, code);
        var model = JsonNode.Parse(output)!["model"]!;
        Assert.Equal(("gpt", 1, 16, 2, 8, 256, _out), ((string)model["family"]!, (int)model["blocks"]!, (int)model["hidden"]!, (int)model["heads"]!, (int)model["sequenceLength"]!, (int)model["vocabulary"]!, (string)model["initialWeights"]!));
    }

    [Fact]
    public async Task A_damaged_checkpoint_is_passed_over_and_told_but_not_where_its_step_was_asked_for()
    {
        var store = new CheckpointStore(Path.Combine(_folder, "checkpoints"), "job-1");
        await File.WriteAllTextAsync(store.PathOf(20), "nothing", TestContext.Current.CancellationToken);
        var (code, output, error) = await RunAsync("export", "--job=job-1", $"--out={_out}");
        Assert.Equal(0, code);
        Assert.StartsWith($"Step 10 of job-1 is in {_out}:", output, StringComparison.Ordinal);
        Assert.StartsWith($"Passed over: Checkpoint {store.PathOf(20)}: ", error, StringComparison.Ordinal);
        (code, output, error) = await RunAsync("export", "--job=job-1", $"--out={_out}2", "--step=20");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(store.PathOf(20), error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_out + "2"));
    }

    [Fact]
    public async Task The_parameters_of_any_model_are_written_by_their_own_names()
    {
        var (code, _, _) = await RunAsync("export", "--job=job-1", $"--out={_out}", "--step=10", "--format=safetensors");
        Assert.Equal(0, code);
        Assert.Equal(["manifest.json", "model.safetensors"], Directory.EnumerateFiles(_out).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        var names = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_out, "manifest.json"), TestContext.Current.CancellationToken))!["tensors"]!.AsObject().Select(t => t.Key).ToArray();
        Assert.Contains("blocks.0.attention.qkv.weight", names);
        Assert.DoesNotContain(names, n => n.Contains("moment", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_prompt_is_continued_alike_each_time_as_text_and_as_tokens()
    {
        string[] line = ["generate", "--job=job-1", "--prompt=Hello", "--tokens=12", "--temperature=1", "--seed=4"];
        var (code, output, error) = await RunAsync(line);
        Assert.Equal((0, ""), (code, error));
        Assert.StartsWith("Hello", output, StringComparison.Ordinal);
        string document = (await RunAsync([.. line, "--json"])).Output;
        // What a model says that has learnt nothing.
        JsonGolden.Same("jobs generate", document, _folder, name => name is "text" or "tokens");
        var told = JsonNode.Parse(document)!;
        Assert.Equal(output, "Hello" + (string)told["text"]! + Environment.NewLine);
        Assert.Equal(12, told["tokens"]!.AsArray().Count);
        var tokens = await RunAsync("generate", "--job=job-1", "--prompt-tokens=72,101,108,108,111", "--tokens=12", "--temperature=1", "--seed=4");
        Assert.Equal(string.Join(',', told["tokens"]!.AsArray()) + Environment.NewLine, tokens.Output);
    }

    [Fact]
    public async Task Tokenizer_files_are_kept_with_the_checkpoints_and_exported_when_the_jobs_paths_are_gone()
    {
        string vocabulary = Path.Combine(_folder, "v.json"), merges = Path.Combine(_folder, "m.txt");
        await File.WriteAllTextAsync(vocabulary, """{"a":0,"b":1,"<|endoftext|>":2}""", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(merges, "#version: 0.2\n", TestContext.Current.CancellationToken);
        Write("job-2", 5, Job with { Data = new DataSpec { Tokenizer = "bpe", VocabularyFile = vocabulary, MergesFile = merges } });
        File.Delete(vocabulary);
        Write("job-3", 5, Job with { Data = new DataSpec { Tokenizer = "bpe", VocabularyFile = vocabulary, MergesFile = merges } });
        File.Delete(merges);

        Assert.Equal(0, (await RunAsync("export", "--job=job-2", $"--out={_out}")).Code);
        Assert.Equal("""{"a":0,"b":1,"<|endoftext|>":2}""", await File.ReadAllTextAsync(Path.Combine(_out, "vocab.json"), TestContext.Current.CancellationToken));
        Assert.Equal(2, (int)JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_out, "config.json"), TestContext.Current.CancellationToken))!["eos_token_id"]!);

        var (code, _, error) = await RunAsync("export", "--job=job-3", $"--out={_out}3");
        Assert.Equal(1, code);
        Assert.Contains($"the tokenizer's file was not kept with the checkpoint; it was {vocabulary} on the worker's machine", error, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("export", "--job=job-3", $"--out={_out}3", $"--tokenizer={_out}")).Code);

        await File.WriteAllTextAsync(Path.Combine(_folder, "checkpoints", "job-2", "vocab.json"), "{}", TestContext.Current.CancellationToken);
        (code, _, error) = await RunAsync("export", "--job=job-2", $"--out={_out}4");
        Assert.Equal(1, code);
        Assert.Contains("it is damaged", error, StringComparison.Ordinal);
        (code, _, error) = await RunAsync("generate", "--job=job-2", "--prompt=a");
        Assert.Equal(1, code);
        Assert.Contains("it is damaged", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "there is no checkpoint of this job", "export", "--job=job-9", "--out=x")]
    [InlineData(1, "has some of job-1", "export", "--job=job-9", "--out=x")]
    [InlineData(1, "there is no such file; there are checkpoints of steps 10, 20", "export", "--job=job-1", "--out=x", "--step=15")]
    [InlineData(1, "is there already and not an empty folder", "export", "--job=job-1", "--out=/")]
    [InlineData(1, "/no/such/folder/config.json", "import", "--from=/no/such/folder")]
    [InlineData(2, "--job: '../job-1' cannot be the name of a folder.", "export", "--job=../job-1", "--out=x")]
    [InlineData(2, "--format: 'onnx' is not valid; it must be one of huggingface, safetensors.", "export", "--job=job-1", "--out=x", "--format=onnx")]
    [InlineData(2, "--step: '-3' is not valid; it must be a whole number, at least 0.", "export", "--job=job-1", "--out=x", "--step=-3")]
    [InlineData(2, "Option '--job' is required.", "generate", "--prompt=a")]
    [InlineData(2, "--prompt: one of --prompt and --prompt-tokens must be given", "generate", "--job=job-1")]
    [InlineData(2, "--temperature: 'hot' is not valid; it must be a number from 0 to 100.", "generate", "--job=job-1", "--prompt=a", "--temperature=hot")]
    [InlineData(2, "The prompt has token 256; the model's are 0 to 255.", "generate", "--job=job-1", "--prompt-tokens=1,256")]
    [InlineData(2, "--prompt-tokens: 'x' is not valid", "generate", "--job=job-1", "--prompt-tokens=1,x")]
    public async Task What_is_wrong_is_said_with_the_value_and_what_would_be_right(int expected, string message, params string[] arguments)
    {
        var (code, _, error) = await RunAsync(arguments);
        Assert.Equal(expected, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        string[] folder = arguments[0] == "import" ? [] : [$"--checkpoints={Path.Combine(_folder, "checkpoints")}"];
        int code = await CheckpointVerbs.RunAsync([.. arguments, .. folder], output, error);
        // On a slow machine there is progress too.
        var said = error.ToString().Split('\n').Where(line => !line.EndsWith(" %  reading", StringComparison.Ordinal) && !line.EndsWith(" %  writing", StringComparison.Ordinal));
        return (code, output.ToString(), string.Join('\n', said));
    }

    private void Write(string job, int version, JobSpec spec)
    {
        var model = new Gpt(spec.Model);
        var states = Enumerable.Range(0, model.LayerCount).Select(layer => LayerState.Initialize(model, layer, spec.Training)).ToArray();
        foreach (var state in states) state.Version = version;
        new CheckpointStore(Path.Combine(_folder, "checkpoints"), job).Write(version, model, spec, states);
        foreach (var state in states) state.Dispose();
    }
}
