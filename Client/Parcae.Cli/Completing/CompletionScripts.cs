namespace Parcae.Cli.Completing;

/// <summary>The scripts. Each hands the line and the cursor's place to the command and offers what it prints; where that is nothing, files.</summary>
internal static class CompletionScripts
{
    /// <summary>A shell's script.</summary>
    public static string Of(string shell) => (shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        "fish" => Fish,
        _ => Pwsh,
    }).ReplaceLineEndings("\n");

    private const string Bash = """
        # bash completion of parcae
        _parcae() {
            local IFS=$'\n' candidates
            candidates=$(parcae "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)
            COMPREPLY=($(compgen -W "${candidates}" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _parcae parcae

        """;

    private const string Zsh = """
        #compdef parcae
        # zsh completion of parcae
        _parcae() {
            local -a candidates
            candidates=("${(@f)$(parcae "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            candidates=(${candidates:#})
            if (( ${#candidates} )); then compadd -a candidates; else _files; fi
        }
        # Loaded by the first press of the tab key, it is that press that it has to answer.
        if [[ "${funcstack[1]}" = _parcae ]]; then _parcae "$@"; else compdef _parcae parcae; fi

        """;

    private const string Fish = """
        # fish completion of parcae
        function __parcae_complete
            set -l candidates (parcae "[suggest:"(commandline -C)"]" (commandline -cp | string collect) 2>/dev/null | string match -v '')
            if set -q candidates[1]
                printf '%s\n' $candidates
            else
                __fish_complete_path (commandline -ct)
            end
        end
        complete -c parcae -f -a '(__parcae_complete)'

        """;

    private const string Pwsh = """
        # PowerShell completion of parcae
        Register-ArgumentCompleter -Native -CommandName parcae -ScriptBlock {
            param($wordToComplete, $commandAst, $cursorPosition)
            parcae "[suggest:$cursorPosition]" "$commandAst" 2>$null | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
            }
        }

        """;
}
