using System.Diagnostics;

namespace Parcae.Infra.Tests.Support;

/// <summary>A program of this machine.</summary>
internal sealed class Tool(string path)
{
    /// <summary>Where it is.</summary>
    public string Path => path;

    /// <summary>A program, or null: it is not on the PATH.</summary>
    public static Tool? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator)
        .Append("/usr/sbin").Select(folder => System.IO.Path.Combine(folder, name)).Where(File.Exists).Select(file => new Tool(file)).FirstOrDefault();

    /// <summary>A program; the test is skipped where it is missing.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="from">How to get it.</param>
    public static Tool Need(string name, string from)
    {
        var found = Find(name);
        Assert.SkipWhen(found is null, $"There is no {name} on this machine ({from}): not checked.");
        return found;
    }

    /// <summary>Runs it to its end.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables on top of this process's.</param>
    /// <param name="folder">Where it runs; the test's own folder if null.</param>
    /// <returns>Exit status, and what it wrote to both outputs.</returns>
    public Result Run(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = folder ?? "" };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(Patience.Long))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{path} has not ended within three minutes.");
        }

        return new Result(process.ExitCode, output, error.Result);
    }

    /// <summary>How a program ended.</summary>
    /// <param name="Status">Its exit status.</param>
    /// <param name="Output">What it wrote to standard output.</param>
    /// <param name="Error">What it wrote to standard error.</param>
    public sealed record Result(int Status, string Output, string Error)
    {
        /// <summary>Fails the test with everything it wrote, unless it ended well.</summary>
        public Result Good()
        {
            Assert.True(Status == 0, $"exit status {Status}{Environment.NewLine}{Output}{Error}");
            return this;
        }
    }
}

/// <summary>A folder of a test's own, gone with it.</summary>
internal sealed class Scratch : IDisposable
{
    /// <summary>Where it is.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("parcae-infra-").FullName;

    /// <summary>A file in it with a text; folders on the way are made.</summary>
    public string Write(string name, string text, bool executable = false)
    {
        string file = Place(name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        if (executable) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return file;
    }

    /// <summary>A path in it.</summary>
    public string Place(string name) => Path.Combine(Folder, name);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
