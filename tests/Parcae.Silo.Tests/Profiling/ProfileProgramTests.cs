using System.Diagnostics;
using Parcae.Grains;
using Parcae.Grains.Profiling;
using Xunit;

namespace Parcae.Silo.Tests.Profiling;

/// <summary>The measuring process as `parcae profile` starts it.</summary>
public sealed class ProfileProgramTests : IDisposable
{
    private static readonly JobSpec Tiny = new()
    {
        Model = new ModelSpec { Blocks = 2, Hidden = 16, Heads = 2, SequenceLength = 16 },
        Training = new TrainingSpec { GlobalBatch = 4, MicroBatches = 2 },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-profile-").FullName;

    [Fact]
    public async Task A_model_is_measured_alone_and_in_a_plan_of_one_worker()
    {
        string text = Path.Combine(_folder, "text.txt");
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Range(0, 2000).Select(i => $"line {i}\n")), TestContext.Current.CancellationToken);
        var spec = Tiny with { Data = new DataSpec { Paths = [text], CacheFolder = _folder } };
        var (code, lines) = await RunAsync(ProfileJson.Line(new ProfileRequest { Spec = spec, MaxPipelines = 1, MaxDepth = 1 }));
        Assert.True(code == 0, lines[^1].Error);
        var result = lines[^1].Result!;
        Assert.All(result.Outline.Layers, l => Assert.True(l.ForwardSeconds > 0 && l.BackwardSeconds > 0));
        Assert.All(result.UpdateSeconds, u => Assert.True(u > 0));
        Assert.Equal(result.Links.OrderBy(l => l.Bytes).ThenBy(l => l.Milliseconds), result.Links);
        Assert.All(result.Links, l => Assert.True(l.Milliseconds > 0));
        var run = Assert.Single(result.Strategies);
        Assert.Equal((1, 1), (run.Pipelines, run.Depth));
        Assert.True(run.StepSeconds > 0 && run.PeakBytes > 1 << 20);
        Assert.True(result.ProcessStartMs > 0 && result.CheckpointMs > 0);
        Assert.Equal(lines.SkipLast(1).Select(l => l.Done).Order(), lines.SkipLast(1).Select(l => l.Done));
    }

    [Fact]
    public async Task What_cannot_be_measured_ends_with_the_reason()
    {
        var noData = Tiny with { Data = new DataSpec { Paths = ["/there/is/no/such/file"] } };
        var (code, lines) = await RunAsync(ProfileJson.Line(new ProfileRequest { Spec = noData, MaxPipelines = 1, MaxDepth = 1 }));
        Assert.Equal(1, code);
        Assert.Contains("/there/is/no/such/file", lines[^1].Error, StringComparison.Ordinal);

        (code, lines) = await RunAsync("""{"maxPipelines": 1}""");
        Assert.Equal(1, code);
        Assert.NotNull(Assert.Single(lines).Error);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<(int Code, List<ProfileLine> Lines)> RunAsync(string request)
    {
        string dll = Path.Combine(AppContext.BaseDirectory, "Parcae.Silo.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [dll, "profile", "--parent-pid", $"{Environment.ProcessId}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            await process.StandardInput.WriteLineAsync(request);
            await process.StandardInput.FlushAsync();
            using var patience = new CancellationTokenSource(Patience.Long);
            var lines = new List<ProfileLine>();
            while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line) lines.Add(ProfileJson.Read<ProfileLine>(line));
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, lines);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }
}
