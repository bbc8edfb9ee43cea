using System.Text.Json;

namespace Parcae.Client.Tests.Planning;

public sealed class PlanCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-plan-").FullName;

    public PlanCommandTests() => File.WriteAllText(
        ProfilePath,
        """
        {
          "model": "small", "globalBatch": 16, "linkBytesPerSecond": 1000000,
          "layers": [{ "parameters": 1000, "forwardMs": 1 }, { "parameters": 1000, "forwardMs": 1 }, { "parameters": 1000, "forwardMs": 1 }, { "parameters": 1000, "forwardMs": 1 }],
          "measured": [{ "pipelines": 1, "depth": 2, "samplesPerSecond": 10 }, { "pipelines": 2, "depth": 2, "samplesPerSecond": 18 }, { "pipelines": 1, "depth": 4, "samplesPerSecond": 17 }]
        }
        """);

    private string ProfilePath => Path.Combine(_folder, "small.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_decision_is_explained_in_words_and_tables()
    {
        var (code, output, error) = await CommandRun.RunAsync(["plan", "--profile", ProfilePath, "--available", "5", "--current", "1x4"]);
        Assert.Equal((0, ""), (code, error));
        Assert.StartsWith("small on 5 instances (a steady count): 2 x 2, 4.59 USD/h", output);
        Assert.Contains("5 instances usable; 1 x 4 runs.", output);
        Assert.Contains("3 strategies fit; 2 x 2 brings", output);
        Assert.Contains("slower by", output);
        Assert.Contains("forecast (ensemble)", output);
        Assert.Contains("2 x 2 in 0.32 s (profiled costs): 0.3 agreement, 0.02 transfer", output);
    }

    [Fact]
    public async Task Json_is_one_document_with_strategies_as_pairs()
    {
        var (code, output, error) = await CommandRun.RunAsync(["plan", "--profile", ProfilePath, "--available", "6", "--budget", "2", "--top", "1", "--look-ahead", "3", "--json"]);
        Assert.Equal((0, ""), (code, error));
        using var document = JsonDocument.Parse(output);
        var root = document.RootElement;
        Assert.Equal([1, 2], root.GetProperty("strategy").EnumerateArray().Select(e => e.GetInt32()));
        Assert.Equal(4, root.GetProperty("instancesBeyondBudget").GetInt32());
        Assert.Equal(1, root.GetProperty("candidates").GetArrayLength());
        Assert.Equal(3, root.GetProperty("forecast").GetArrayLength());
        Assert.Equal(1.836, root.GetProperty("usdPerHour").GetDouble());
        Assert.Equal("profiled", root.GetProperty("costModel").GetString());
        Assert.Equal("start", root.GetProperty("candidates")[0].GetProperty("change").GetString());
    }

    [Fact]
    public async Task A_trace_is_the_past_up_to_its_interval()
    {
        var (code, output, _) = await CommandRun.RunAsync(["plan", "--profile", ProfilePath, "--trace", "HADP", "--at", "30"]);
        Assert.Equal(0, code);
        Assert.Contains("21 instances (aws-p3:HADP, interval 30)", output);
        (_, output, _) = await CommandRun.RunAsync(["plan", "--profile", ProfilePath, "--trace", "HADP", "--at", "30", "--available", "1"]);
        Assert.Contains("pause: 1 instance, and small needs at least 2", output);
    }

    [Theory]
    [InlineData("corrected")]
    [InlineData("corrected", "--cost-model", "Corrected")]
    [InlineData("artifact", "--cost-model", "artifact")]
    [InlineData("profiled", "--cost-model", "profiled")]
    public async Task Changes_are_priced_as_asked_and_their_parts_add_up(string name, params string[] arguments)
    {
        var (code, output, error) = await CommandRun.RunAsync(["plan", "--profile", "gpt-1.5b", "--available", "24", "--current", "3x7", "--top", "100", "--json", .. arguments]);
        Assert.Equal((0, ""), (code, error));
        using var document = JsonDocument.Parse(output);
        Assert.Equal(name, document.RootElement.GetProperty("costModel").GetString());
        var names = new HashSet<string>();
        foreach (var candidate in document.RootElement.GetProperty("candidates").EnumerateArray())
        {
            var parts = candidate.GetProperty("migrationParts").EnumerateArray().ToList();
            names.UnionWith(parts.Select(p => p.GetProperty("name").GetString()!));
            Assert.Equal(candidate.GetProperty("migrationSeconds").GetDouble(), parts.Sum(p => p.GetProperty("seconds").GetDouble()), 1e-9);
        }

        Assert.Equal(name == "profiled" ? ["agreement", "transfer"] : ["groups", "model build", "process", "rendezvous", "transfer"], names.Order());
    }

    [Fact]
    public async Task No_forecast_goes_above_the_instances_that_were_asked_for()
    {
        var (code, output, _) = await CommandRun.RunAsync(["plan", "--profile", ProfilePath, "--trace", "HADP", "--at", "30", "--forecast", "survival", "--max-instances", "32", "--json"]);
        Assert.Equal(0, code);
        using var document = JsonDocument.Parse(output);
        Assert.All(document.RootElement.GetProperty("forecast").EnumerateArray(), f => Assert.InRange(f.GetProperty("highAvailable").GetInt32(), 0, 32));
    }

    [Theory]
    [InlineData("--available: it is missing", "--profile", "PROFILE")]
    [InlineData("--profile: '/no/such.json' is neither a built-in profile nor a file; built in are", "--profile", "/no/such.json", "--available", "3")]
    [InlineData("--current: '3y' is not valid; it must be pipelines x depth, like 4x8, or pause.", "--profile", "PROFILE", "--available", "3", "--current", "3y")]
    [InlineData("--intact: '2' is not valid", "--profile", "PROFILE", "--available", "3", "--current", "1x2", "--intact", "2")]
    [InlineData("--at: '99' is not valid; aws-p3:HADP has the intervals 0 to 59.", "--profile", "PROFILE", "--trace", "HADP", "--at", "99")]
    [InlineData("--at: it needs --trace.", "--profile", "PROFILE", "--available", "3", "--at", "9")]
    [InlineData("--forecast: 'stars' is not valid; it must be one of", "--profile", "PROFILE", "--available", "3", "--forecast", "stars")]
    [InlineData("--max-instances: '2' is not valid; it must be at least the 3 instances that there were.", "--profile", "PROFILE", "--available", "3", "--max-instances", "2")]
    [InlineData("--cost-model: 'guess' is not valid; it must be one of profiled, artifact, corrected.", "--profile", "PROFILE", "--available", "3", "--cost-model", "guess")]
    [InlineData("--cost-model: 'artifact' needs the profile's constants of reconfiguration, and that of small holds no modelBuildMs; it must be profiled.", "--profile", "PROFILE", "--available", "3", "--cost-model", "artifact")]
    [InlineData("--budget: '-1' is not valid; it must be a number from 0", "--profile", "PROFILE", "--available", "3", "--budget", "-1")]
    public async Task Wrong_usage_says_what_would_be_right(string message, params string[] arguments)
    {
        var (code, output, error) = await CommandRun.RunAsync(["plan", .. arguments.Select(a => a == "PROFILE" ? ProfilePath : a)]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(message, error);
    }

    [Fact]
    public async Task A_file_that_is_no_profile_is_said_to_be_none()
    {
        await File.WriteAllTextAsync(ProfilePath, "{ \"model\": 3 }", TestContext.Current.CancellationToken);
        var (code, _, error) = await CommandRun.RunAsync(["plan", "--profile", ProfilePath, "--available", "3"]);
        Assert.Equal(2, code);
        Assert.Contains("model is 3; it must be a text", error);
    }
}
