namespace Parcae.EndToEnd;

/// <summary><c>parcae demo</c>, with everything that it starts.</summary>
internal sealed class DemoProcess : CommandProcess
{
    /// <summary>A new demo.</summary>
    public DemoProcess(string trace, params string[] options) : this(trace, new Dictionary<string, string>(), options)
    {
    }

    /// <summary>A new demo with more of an environment.</summary>
    public DemoProcess(string trace, IReadOnlyDictionary<string, string> environment, params string[] options)
        : base(
            folder => ["demo", "--json", "--trace", WriteTrace(folder, trace), "--folder", Path.Combine(folder, "work"), "--report", Path.Combine(folder, "report.html"), .. options],
            environment) => Work = Path.Combine(Folder, "work");

    /// <summary>One that was stopped, as it goes on.</summary>
    public DemoProcess(DemoProcess stopped, params string[] options)
        : base(folder => ["demo", "--json", "--resume", stopped.Work, "--report", Path.Combine(folder, "report.html"), .. options]) =>
        Work = stopped.Work;

    /// <summary>Its working folder.</summary>
    public string Work { get; }

    /// <summary>Writes counts, with spaces between them, as a trace. Returns the file.</summary>
    public static string WriteTrace(string folder, string counts)
    {
        string file = Path.Combine(folder, "trace.txt");
        File.WriteAllLines(file, counts.Split(' '));
        return file;
    }
}
