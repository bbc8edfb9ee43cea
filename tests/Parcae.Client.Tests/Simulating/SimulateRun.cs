using System.Text.Json;

namespace Parcae.Client.Tests.Simulating;

/// <summary>Runs <c>parcae simulate</c> in this process, with a folder of its own for files.</summary>
public abstract class SimulateRun : IDisposable
{
    protected string Folder { get; } = Directory.CreateTempSubdirectory("parcae-simulate-").FullName;

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Standard output of a run that must go well.</summary>
    protected static async Task<string> OutputAsync(string line)
    {
        var (code, output, error) = await CommandRun.RunAsync(line);
        Assert.Equal((0, ""), (code, error));
        return output;
    }

    /// <summary>The document of a run with <c>--json</c>.</summary>
    protected static async Task<JsonElement> JsonAsync(string line)
    {
        using var document = JsonDocument.Parse(await OutputAsync(line + " --json"));
        return document.RootElement.Clone();
    }

    protected static JsonElement Policy(JsonElement run, string name) => run.GetProperty("policies").EnumerateArray().Single(p => p.GetProperty("policy").GetString() == name);

    protected static string[] Keys(JsonElement element) => [.. element.EnumerateObject().Select(p => p.Name)];
}
